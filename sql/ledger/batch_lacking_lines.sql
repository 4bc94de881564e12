-- The lines that a batch lacks although it is a later export of their day: of each store's day of which the batch has most
-- lines that its contract delivered before, those that it has not. They stay in the ledger.
-- - lines: Number of these lines; no row if there are none
-- - sale_id: Sale of one of them
-- - sale_date: Its business day
-- @batch_id STRING: ID of the batch
WITH
batch AS (
  SELECT batch_no, contract, settlement_no FROM batches WHERE batch_id = @batch_id AND replaces = ''
),
in_batch AS (
  SELECT DISTINCT sightings.key
  FROM sightings
  INNER JOIN batch ON batch.batch_no = sightings.batch_no
  WHERE sightings.outcome <> 'quarantined'
),
before AS (
  SELECT DISTINCT sightings.key
  FROM sightings
  INNER JOIN batches ON batches.batch_no = sightings.batch_no
  INNER JOIN batch ON batch.contract = batches.contract AND batch.settlement_no > batches.settlement_no
  WHERE sightings.outcome <> 'quarantined' AND batches.undone_no IS NULL
),
days AS (
  SELECT
    sale_versions.sale_date,
    COUNTIF(in_batch.key IS NULL) AS lacking,
    COUNTIF(in_batch.key IS NOT NULL) AS present,
    MIN(IF(in_batch.key IS NULL, sale_versions.sale_id, NULL)) AS sale_id
  FROM sale_versions
  INNER JOIN before ON before.key = sale_versions.key
  LEFT JOIN in_batch ON in_batch.key = sale_versions.key
  WHERE sale_versions.is_current AND sale_versions.status <> 'cancelled'
  GROUP BY sale_versions.store_id, sale_versions.sale_date
),
final AS (
  SELECT
    CAST(SUM(lacking) OVER () AS INT64) AS lines,
    sale_id,
    sale_date
  FROM days
  WHERE lacking > 0 AND present > lacking
)
SELECT * FROM final
ORDER BY sale_date, sale_id
LIMIT 1
