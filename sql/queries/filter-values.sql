-- The values of each filter, with their number of lines. For products and people, use their searches.
-- @filter STRING = any of any|region|store|category|channel|country|status: only the values of this filter
-- reads: visible_sums
WITH
final AS (
  SELECT 'region' AS filter, region AS value, CAST(SUM(lines) AS INT64) AS lines
  FROM visible_sums
  WHERE @filter IN ('any', 'region')
  GROUP BY region
  UNION ALL
  SELECT 'store' AS filter, store_id AS value, CAST(SUM(lines) AS INT64) AS lines
  FROM visible_sums
  WHERE @filter IN ('any', 'store')
  GROUP BY store_id
  UNION ALL
  SELECT 'category' AS filter, category AS value, CAST(SUM(lines) AS INT64) AS lines
  FROM visible_sums
  WHERE @filter IN ('any', 'category')
  GROUP BY category
  UNION ALL
  SELECT 'channel' AS filter, channel AS value, CAST(SUM(lines) AS INT64) AS lines
  FROM visible_sums
  WHERE @filter IN ('any', 'channel')
  GROUP BY channel
  UNION ALL
  SELECT 'country' AS filter, country AS value, CAST(SUM(lines) AS INT64) AS lines
  FROM visible_sums
  WHERE @filter IN ('any', 'country')
  GROUP BY country
  UNION ALL
  SELECT 'status' AS filter, status AS value, CAST(SUM(lines) AS INT64) AS lines
  FROM visible_sums
  WHERE @filter IN ('any', 'status')
  GROUP BY status
)
SELECT * FROM final
WHERE value IS NOT NULL
ORDER BY filter, value
