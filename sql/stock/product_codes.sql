-- Codes by which a product can be entered: its own, its aliases and barcodes, and the product IDs of sales, as of the daily
-- totals. region is `*` for codes of every region; name is NULL without one.
WITH
sold AS (
  SELECT region, COALESCE(product_id, product_name) AS code, MIN(product) AS product, MIN(product_name) AS name
  FROM product_totals
  WHERE product IS NOT NULL
  GROUP BY region, COALESCE(product_id, product_name)
),
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
codes AS (
  SELECT '*' AS region, code, code AS product, CAST(NULL AS STRING) AS sold_name FROM names
  UNION ALL
  SELECT region, code, product_id AS product, CAST(NULL AS STRING) AS sold_name FROM catalogue_codes
  UNION ALL
  SELECT region, code, product, name AS sold_name FROM sold
),
final AS (
  SELECT codes.region, codes.code, MIN(codes.product) AS product, MIN(COALESCE(names.name, codes.sold_name)) AS name
  FROM codes
  LEFT JOIN names ON names.code = codes.product
  GROUP BY codes.region, codes.code
)
SELECT * FROM final
