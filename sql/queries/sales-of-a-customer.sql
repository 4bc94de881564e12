-- The sales of the customers whose ID or name contains a text, ignoring case; latest first.
-- needs: see personal columns
-- @text STRING: text to search for
-- @limit INT64 = 20: maximum number of sales
-- reads: visible_versions
WITH
matches AS (
  SELECT *
  FROM visible_versions
  WHERE is_current
    AND STRPOS(LOWER(CONCAT(COALESCE(customer_id, ''), ' ', COALESCE(customer_name, ''))), LOWER(@text)) > 0
),
final AS (
  SELECT
    region,
    sale_id,
    MAX(customer_id) AS customer_id,
    MAX(customer_name) AS customer_name,
    MAX(sale_date) AS sale_date,
    COUNT(*) AS lines,
    MIN(currency) AS currency,
    CAST(COALESCE(SUM(IF(status <> 'cancelled', net_amount, 0)), 0) AS NUMERIC) AS net
  FROM matches
  GROUP BY region, sale_id
)
SELECT * FROM final
ORDER BY sale_date DESC, region, sale_id
LIMIT @limit
