-- The lines of one batch that the ledger had before, or that it has a later content of, by currency: what the batch
-- does not count again. Of the rows of one line, those of the last version apply, and one counts.
-- - lines: Number of these lines
-- - revenue: Net amount of those that are not cancelled
-- @batch_id STRING: ID of the batch, which has no corrections
WITH
batch_rows AS (
  SELECT
    sightings.key,
    sightings.content,
    sightings.source_version,
    MAX(sightings.source_version) OVER (PARTITION BY sightings.key) AS last_version,
    COUNT(IF(sightings.outcome <> 'duplicate', 1, NULL)) OVER (PARTITION BY sightings.key, sightings.content) AS new_rows
  FROM sightings
  INNER JOIN batches ON batches.batch_no = sightings.batch_no
  WHERE batches.batch_id = @batch_id AND sightings.outcome <> 'quarantined'
),
batch_lines AS (
  SELECT DISTINCT key, content FROM batch_rows WHERE source_version = last_version AND new_rows = 0
),
final AS (
  SELECT
    sale_versions.currency,
    COUNT(*) AS lines,
    CAST(COALESCE(SUM(IF(sale_versions.status <> 'cancelled', sale_versions.net_amount, NULL)), 0) AS NUMERIC) AS revenue
  FROM sale_versions
  INNER JOIN batch_lines ON batch_lines.key = sale_versions.key AND batch_lines.content = sale_versions.content
  GROUP BY sale_versions.currency
)
SELECT * FROM final
ORDER BY currency
