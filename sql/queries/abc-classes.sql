-- The ABC classes of the products, one row per class: few products make most of the revenue. See products-by-class.
-- @a NUMERIC = 0.8: share of the revenue that the products of class A make together
-- @b NUMERIC = 0.95: share of the revenue that the products of the classes A and B make together
-- reads: classified_products
-- amounts: converted
WITH
classes AS (
  SELECT
    abc_class,
    COUNT(*) AS products,
    CAST(SUM(revenue) AS NUMERIC) AS revenue,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM classified_products
  GROUP BY abc_class
),
totals AS (
  SELECT classes.*, SUM(products) OVER () AS all_products, SUM(revenue) OVER () AS all_revenue FROM classes
),
final AS (
  SELECT
    abc_class,
    products,
    CAST(SAFE_DIVIDE(CAST(products AS NUMERIC), CAST(all_products AS NUMERIC)) AS NUMERIC) AS product_share,
    revenue,
    CAST(SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(all_revenue AS NUMERIC)) AS NUMERIC) AS revenue_share,
    unconverted_lines
  FROM totals
)
SELECT * FROM final
ORDER BY abc_class
