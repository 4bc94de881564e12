-- The products with the highest revenue. A product is identified by ID, or by name if there is no ID; of several names
-- or categories, the first in alphabetical order is shown. lines includes every status; revenue and units leave out
-- cancelled lines.
-- @limit INT64 = 100: maximum number of products
-- @offset INT64 = 0: number of products to skip
WITH
sold AS (
  SELECT
    product,
    product_name,
    category,
    revenue,
    units,
    lines,
    unconverted_lines
  FROM visible_product_sums
  WHERE product IS NOT NULL
),
final AS (
  SELECT
    product,
    MIN(product_name) AS product_name,
    MIN(category) AS category,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM sold
  GROUP BY product
)
SELECT * FROM final
ORDER BY revenue DESC, product
LIMIT @limit OFFSET @offset
