-- The batches with current lines of the chosen days, stores and regions, latest first.
-- needs: see uploads
-- @limit INT64 = 100: maximum number of batches
-- reads: sightings, visible_batches, visible_versions
WITH
lines_by_batch AS (
  SELECT
    sightings.batch_no,
    COUNT(DISTINCT visible_versions.key) AS lines
  FROM visible_versions
  INNER JOIN sightings
    ON sightings.key = visible_versions.key AND sightings.content = visible_versions.content
  WHERE visible_versions.is_current AND sightings.outcome <> 'quarantined'
  GROUP BY sightings.batch_no
),
final AS (
  SELECT
    visible_batches.batch_id,
    visible_batches.file,
    visible_batches.source,
    visible_batches.contract,
    visible_batches.received_seq,
    lines_by_batch.lines
  FROM lines_by_batch
  INNER JOIN visible_batches ON visible_batches.batch_no = lines_by_batch.batch_no
  WHERE visible_batches.undone_no IS NULL
)
SELECT * FROM final
ORDER BY received_seq DESC, batch_id
LIMIT @limit
