-- Products whose ID or name contains a text, ignoring case, with the number of their sales and the latest one.
-- @text STRING: text to search for
-- @limit INT64 = 20: maximum number of products
-- reads: visible_versions
WITH
matches AS (
  SELECT
    region,
    product_id,
    product_name,
    sale_id,
    sale_date
  FROM visible_versions
  WHERE is_current
    AND STRPOS(LOWER(CONCAT(COALESCE(product_id, ''), ' ', COALESCE(product_name, ''))), LOWER(@text)) > 0
),
final AS (
  SELECT
    region,
    product_id,
    MAX(product_name) AS product_name,
    COUNT(DISTINCT sale_id) AS sales,
    MAX(sale_date) AS last_sale_date
  FROM matches
  GROUP BY region, product_id
)
SELECT * FROM final
ORDER BY sales DESC, region, product_id
LIMIT @limit
