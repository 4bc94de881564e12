-- The products with the highest revenue. A product is that of the catalogue, or else is identified by ID, or by name if
-- there is no ID. Its name is the latest one in the catalogue; of several names in sources, or categories, the first in
-- alphabetical order is shown. lines includes every status; revenue and units leave out
-- cancelled lines.
-- totals: revenue, units, lines, unconverted_lines
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
grouped AS (
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
),
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
final AS (
  SELECT
    grouped.product,
    COALESCE(names.name, grouped.product_name) AS product_name,
    grouped.category,
    grouped.revenue,
    grouped.units,
    grouped.lines,
    grouped.unconverted_lines
  FROM grouped
  LEFT JOIN names ON names.code = grouped.product
)
SELECT * FROM final
ORDER BY revenue DESC, product
LIMIT @limit OFFSET @offset
