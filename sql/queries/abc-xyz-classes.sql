-- The products of the selection by ABC class (share of the revenue) and XYZ class (variation of the weekly units), with what is
-- in stock of them. xyz_class is NULL for products that sold for less than 4 weeks. stock_cost is in the reporting currency.
-- @a NUMERIC = 0.8: share of the revenue that the products of class A make together
-- @b NUMERIC = 0.95: share of the revenue that the products of the classes A and B make together
-- @x NUMERIC = 0.5: variation up to which a product is of class X
-- @y NUMERIC = 1: variation up to which a product is of class Y
-- reads: classified_products, stock_of_products, varying_products
-- amounts: converted
WITH
final AS (
  SELECT
    classified.abc_class,
    varying.xyz_class,
    COUNT(*) AS products,
    CAST(SUM(classified.revenue) AS NUMERIC) AS revenue,
    CAST(SUM(classified.units) AS NUMERIC) AS units,
    CAST(SUM(stock.stock_units) AS NUMERIC) AS stock_units,
    CAST(SUM(stock.stock_cost) AS NUMERIC) AS stock_cost,
    CAST(SUM(classified.unconverted_lines) AS INT64) AS unconverted_lines
  FROM classified_products AS classified
  LEFT JOIN varying_products AS varying ON varying.product = classified.product
  LEFT JOIN stock_of_products AS stock ON stock.product = classified.product
  GROUP BY classified.abc_class, varying.xyz_class
)
SELECT * FROM final
ORDER BY abc_class, xyz_class IS NULL, xyz_class
