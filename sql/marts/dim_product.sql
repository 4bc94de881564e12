-- Products by days: the versions of the catalogue, and one row for each product that was sold and is not in the
-- catalogue. Its name and category are the first ones in alphabetical order. The row with an empty key is for lines
-- without a product.
-- - product_key: Key of the version; fact_sales has that of the day of the sale
-- - product_id: Product of the catalogue, or ID or name as in the sources; NULL for lines without a product
-- - is_current: TRUE for the version that is valid now
-- - in_catalogue: TRUE if the catalogue has the product
-- - name: Name of the product
-- - pack_size: Number of units in a pack
-- - supplier: Code of the supplier
-- - barcode: First barcode of the product
-- - active: FALSE if the product is retired
-- - valid_from: First day of the version; NULL: from the beginning
-- - valid_to: First day after the version; NULL: it is valid now
CREATE OR REPLACE VIEW dim_product AS
WITH
versions AS (
  SELECT * FROM catalogue_products
),
products AS (
  SELECT DISTINCT product_id FROM catalogue_products
),
sold AS (
  SELECT product, MIN(product_name) AS name, MIN(category) AS category FROM line_facts GROUP BY product
),
others AS (
  SELECT sold.*
  FROM sold
  LEFT JOIN products ON products.product_id = sold.product
  WHERE products.product_id IS NULL
),
final AS (
  SELECT
    CONCAT(product_id, '@', COALESCE(FORMAT_DATE('%Y-%m-%d', valid_from), '')) AS product_key,
    product_id,
    name,
    category,
    pack_size,
    supplier,
    barcode,
    active,
    valid_from,
    valid_to,
    valid_to IS NULL AS is_current,
    TRUE AS in_catalogue
  FROM versions
  UNION ALL
  SELECT
    IF(product IS NULL, '', CONCAT(product, '@')) AS product_key,
    product AS product_id,
    name,
    category,
    CAST(NULL AS NUMERIC) AS pack_size,
    CAST(NULL AS STRING) AS supplier,
    CAST(NULL AS STRING) AS barcode,
    TRUE AS active,
    CAST(NULL AS DATE) AS valid_from,
    CAST(NULL AS DATE) AS valid_to,
    TRUE AS is_current,
    FALSE AS in_catalogue
  FROM others
)
SELECT * FROM final
