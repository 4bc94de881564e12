-- The latest name of each product, store and salesperson of the catalogue.
-- - kind: product, store or salesperson
-- - region: Region of the store or salesperson; `*` for a product
-- - code: Code of the product, store or salesperson
CREATE OR REPLACE VIEW catalogue_names AS
WITH
versions AS (
  SELECT 'product' AS kind, '*' AS region, product_id AS code, name, valid_from
  FROM catalogue_products
  UNION ALL
  SELECT 'store' AS kind, region, store_id AS code, name, valid_from
  FROM catalogue_stores
  UNION ALL
  SELECT 'salesperson' AS kind, region, salesperson_id AS code, name, valid_from
  FROM catalogue_salespeople
),
final AS (
  SELECT kind, region, code, name
  FROM versions
  WHERE TRUE  -- BigQuery requires a WHERE with QUALIFY
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY kind, region, code
    ORDER BY COALESCE(valid_from, DATE '0001-01-01') DESC, name
  ) = 1
)
SELECT * FROM final
