-- The line numbers of identical lines of a batch, with the first line of each group.
-- @batch_id STRING: ID of the batch
-- @limit INT64: maximum number of lines
WITH
batch_rows AS (
  SELECT
    sightings.key,
    sightings.content,
    sightings.line_number
  FROM sightings
  INNER JOIN batches ON batches.batch_no = sightings.batch_no
  WHERE batches.batch_id = @batch_id AND sightings.outcome <> 'quarantined'
),
grouped AS (
  SELECT
    batch_rows.line_number,
    MIN(batch_rows.line_number) OVER (PARTITION BY sale_versions.sale, batch_rows.content) AS first_line,
    COUNT(*) OVER (PARTITION BY sale_versions.sale, batch_rows.content) AS identical
  FROM sale_versions
  INNER JOIN batch_rows ON batch_rows.key = sale_versions.key AND batch_rows.content = sale_versions.content
),
final AS (
  SELECT line_number, first_line FROM grouped WHERE identical > 1
)
SELECT * FROM final
ORDER BY first_line, line_number
LIMIT @limit
