-- The products with the highest revenue. A product is that of the catalogue, or else is identified by ID, or by name if
-- there is no ID. Its name is the latest one in the catalogue; of several names in sources, or categories, the first in
-- alphabetical order is shown. lines includes every status; revenue and units leave out
-- cancelled lines.
-- totals: revenue, units, lines, unconverted_lines
-- @limit INT64 = 100: maximum number of products
-- @offset INT64 = 0: number of products to skip
-- measures of sold_products: product_name, product_category, revenue, units, lines, unconverted_lines
-- dimensions of sold_products: product!
-- reads: catalogue_names, sold_products
-- amounts: converted
WITH
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
final AS (
  SELECT
    sold_products.product,
    COALESCE(names.name, sold_products.product_name) AS product_name,
    sold_products.product_category AS category,
    sold_products.revenue,
    sold_products.units,
    sold_products.lines,
    sold_products.unconverted_lines
  FROM sold_products
  LEFT JOIN names ON names.code = sold_products.product
)
SELECT * FROM final
ORDER BY revenue DESC, product
LIMIT @limit OFFSET @offset
