-- The products with the highest revenue, with their ABC class, their share of the revenue, and the share that they make
-- together with all products before them. Limits of the classes: see abc-classes. The name of a product is the latest
-- one in the catalogue; of several names in sources, or categories, the first in alphabetical order is shown.
-- matching is the number of products of the class, or of all.
-- @a NUMERIC = 0.8: share of the revenue that the products of class A make together
-- @b NUMERIC = 0.95: share of the revenue that the products of the classes A and B make together
-- @class STRING = all of all|A|B|C: class of the products
-- @limit INT64 = 100: maximum number of products
-- @offset INT64 = 0: number of products to skip
-- reads: catalogue_names, classified_products
-- amounts: converted
WITH
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
matching AS (
  SELECT classified_products.*, COUNT(*) OVER () AS matching
  FROM classified_products
  WHERE @class = 'all' OR abc_class = @class
),
page AS (
  SELECT * FROM matching ORDER BY revenue DESC, product LIMIT @limit OFFSET @offset
),
final AS (
  SELECT
    page.product,
    COALESCE(names.name, page.product_name) AS product_name,
    page.category,
    page.revenue,
    page.units,
    page.share,
    page.cumulative_share,
    page.abc_class,
    page.unconverted_lines,
    page.matching
  FROM page
  LEFT JOIN names ON names.code = page.product
)
SELECT * FROM final
ORDER BY revenue DESC, product
