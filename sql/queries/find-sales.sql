-- Sales whose ID, or the key of one of their lines, contains a text, ignoring case; exact matches first.
-- Includes sales without any current line.
-- @text STRING: text to search for
-- @limit INT64 = 20: maximum number of sales
-- reads: visible_versions
WITH
matches AS (
  SELECT
    region,
    sale_id,
    sale_date,
    is_current,
    status,
    net_amount,
    currency,
    LOWER(@text) IN (
      LOWER(sale_id), LOWER(CONCAT(region, '/', sale_id)), LOWER(line_key)
    ) AS is_exact
  FROM visible_versions
  WHERE STRPOS(LOWER(CONCAT(region, '/', sale_id, ' ', line_key)), LOWER(@text)) > 0
),
final AS (
  SELECT
    region,
    sale_id,
    MAX(sale_date) AS sale_date,
    COUNTIF(is_current) AS lines,
    COUNT(*) AS versions,
    MIN(currency) AS currency,
    CAST(COALESCE(SUM(IF(is_current AND status <> 'cancelled', net_amount, 0)), 0) AS NUMERIC) AS net,
    LOGICAL_OR(is_exact) AS is_exact
  FROM matches
  GROUP BY region, sale_id
)
SELECT * FROM final
ORDER BY is_exact DESC, sale_date DESC, region, sale_id
LIMIT @limit
