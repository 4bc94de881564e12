-- The lines that a batch lacks although it is a later export of their day: of each store's day of which the batch has most
-- lines that its contract delivered before, those that it has not; and all lines of the days between these that it has
-- nothing of, if they are fewer. Lines that it has in quarantine are not lacking. They stay in the ledger.
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
    sale_versions.store_id,
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
periods AS (
  SELECT
    store_id,
    MIN(sale_date) AS first_day,
    MAX(sale_date) AS last_day,
    COUNT(*) AS days
  FROM days
  WHERE present > lacking
  GROUP BY store_id
),
inside AS (
  SELECT
    days.*,
    periods.days AS exported,
    COUNT(IF(days.present = 0, 1, NULL)) OVER (PARTITION BY days.store_id) AS absent
  FROM days
  INNER JOIN periods
    ON
      periods.store_id IS NOT DISTINCT FROM days.store_id
      AND days.sale_date BETWEEN periods.first_day AND periods.last_day
),
final AS (
  SELECT
    CAST(SUM(lacking) OVER () AS INT64) AS lines,
    sale_id,
    sale_date
  FROM inside
  WHERE lacking > 0 AND (present > lacking OR (present = 0 AND exported > absent))
)
SELECT * FROM final
ORDER BY sale_date, sale_id
LIMIT 1
