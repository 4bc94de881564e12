-- The products of the selection with their ABC class (share of the revenue), their XYZ class (variation of the weekly units),
-- and what is in stock of them; the highest revenue first. squared_variation is the variance divided
-- by the square of the mean.
-- stock_cost is in the reporting currency. matching is the number of products of the classes.
-- @a NUMERIC = 0.8: share of the revenue that the products of class A make together
-- @b NUMERIC = 0.95: share of the revenue that the products of the classes A and B make together
-- @x NUMERIC = 0.5: variation up to which a product is of class X
-- @y NUMERIC = 1: variation up to which a product is of class Y
-- @abc STRING = all of all|A|B|C: ABC class of the products
-- @xyz STRING = all of all|X|Y|Z|none: XYZ class of the products; none: too few weeks
-- @limit INT64 = 100: maximum number of products
-- @offset INT64 = 0: number of products to skip
-- reads: catalogue_names, classified_products, stock_of_products, varying_products
-- amounts: converted
WITH
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
final AS (
  SELECT
    classified.product,
    COALESCE(names.name, classified.product_name, classified.product) AS product_name,
    classified.category,
    classified.abc_class,
    varying.xyz_class,
    varying.squared_variation,
    varying.weeks,
    classified.revenue,
    classified.units,
    stock.stock_units,
    stock.stock_cost,
    classified.unconverted_lines,
    COUNT(*) OVER () AS matching
  FROM classified_products AS classified
  LEFT JOIN varying_products AS varying ON varying.product = classified.product
  LEFT JOIN stock_of_products AS stock ON stock.product = classified.product
  LEFT JOIN names ON names.code = classified.product
  WHERE (@abc = 'all' OR classified.abc_class = @abc) AND (@xyz = 'all' OR COALESCE(varying.xyz_class, 'none') = @xyz)
)
SELECT * FROM final
ORDER BY revenue DESC, product
LIMIT @limit OFFSET @offset
