-- The batches that told lines of the chosen days, stores and regions which count now, the newest first.
-- needs: see uploads
-- @limit INT64 = 100: at most so many
WITH
told AS (
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
    told.lines
  FROM told
  INNER JOIN visible_batches ON visible_batches.batch_no = told.batch_no
  WHERE visible_batches.undone_no IS NULL
)
SELECT * FROM final
ORDER BY received_seq DESC, batch_id
LIMIT @limit
