-- The products of the selection by revenue, with their ABC class. In order of revenue, the products up to the share @a
-- of all revenue are class A, those up to the share @b class B, and all others class C. A product that passes a limit
-- belongs to the better class. Products without revenue, or with a negative one because of returns, are class C and no
-- part of the whole.
-- reads: visible_product_sums
-- amounts: converted
WITH
sold AS (
  SELECT * FROM visible_product_sums WHERE product IS NOT NULL AND active_lines > 0
),
products AS (
  SELECT
    product,
    MIN(product_name) AS product_name,
    MIN(category) AS category,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM sold
  GROUP BY product
),
cumulated AS (
  SELECT
    products.*,
    SUM(GREATEST(revenue, 0)) OVER () AS total,
    SUM(GREATEST(revenue, 0)) OVER (
      ORDER BY revenue DESC, product ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS up_to_here
  FROM products
),
shares AS (
  SELECT
    cumulated.*,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(total AS NUMERIC)) AS share,
    SAFE_DIVIDE(CAST(up_to_here AS NUMERIC), CAST(total AS NUMERIC)) AS cumulative_share,
    SAFE_DIVIDE(CAST(up_to_here - GREATEST(revenue, 0) AS NUMERIC), CAST(total AS NUMERIC)) AS share_before
  FROM cumulated
)
SELECT
  product,
  product_name,
  category,
  revenue,
  units,
  CAST(share AS NUMERIC) AS share,
  CAST(cumulative_share AS NUMERIC) AS cumulative_share,
  CASE
    WHEN revenue > 0 AND share_before < @a THEN 'A'
    WHEN revenue > 0 AND share_before < @b THEN 'B'
    ELSE 'C'
  END AS abc_class,
  unconverted_lines
FROM shares
