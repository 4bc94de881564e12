-- The days that the files of each contract contain, with the time when the first of these files was received
-- (microseconds since 1970). Tills are left out. Days are filtered by from and to.
-- needs: see uploads
-- reads: batches, sightings, visible_versions
WITH
roots AS (
  SELECT batch_no, contract, received_seq
  FROM batches
  WHERE batch_no = root_no AND undone_no IS NULL AND source <> 'till'
),
sighted_days AS (
  SELECT
    sightings.batch_no,
    visible_versions.region,
    visible_versions.sale_date
  FROM visible_versions
  INNER JOIN sightings
    ON sightings.key = visible_versions.key AND sightings.content = visible_versions.content
  WHERE visible_versions.is_current AND sightings.outcome <> 'quarantined'
  GROUP BY sightings.batch_no, visible_versions.region, visible_versions.sale_date
),
final AS (
  SELECT
    sighted_days.region,
    roots.contract,
    sighted_days.sale_date,
    MIN(roots.received_seq) AS first_received_seq
  FROM sighted_days
  INNER JOIN roots ON roots.batch_no = sighted_days.batch_no
  GROUP BY sighted_days.region, roots.contract, sighted_days.sale_date
)
SELECT * FROM final
ORDER BY region, contract, sale_date
