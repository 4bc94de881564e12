-- The uploads with rows in quarantine, with the number of these rows; corrected and discarded rows are left out.
-- needs: see uploads
-- reads: sightings, visible_batches, visible_refusals
WITH
roots AS (
  SELECT
    batch_no,
    batch_id
  FROM visible_batches
  WHERE batch_no = root_no AND undone_no IS NULL
),
fixed AS (
  SELECT
    batch_no,
    row_number,
    fix_number
  FROM sightings
  WHERE fix_number > 0 AND outcome <> 'quarantined'
),
refused AS (
  SELECT
    refusals.batch_no,
    refusals.row_number,
    refusals.fix_number,
    refusals.outcome
  FROM visible_refusals AS refusals
  WHERE refusals.batch_no IN (SELECT batch_no FROM roots)
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY refusals.batch_no, refusals.row_number
    ORDER BY refusals.fix_number DESC
  ) = 1
),
final AS (
  SELECT
    roots.batch_id,
    COUNT(*) AS refused_rows
  FROM refused
  INNER JOIN roots ON roots.batch_no = refused.batch_no
  LEFT JOIN fixed
    ON fixed.batch_no = refused.batch_no
    AND fixed.row_number = refused.row_number
    AND fixed.fix_number >= refused.fix_number
  WHERE refused.outcome = 'quarantined' AND fixed.batch_no IS NULL
  GROUP BY roots.batch_id
)
SELECT * FROM final
ORDER BY batch_id
