-- The number of rows in quarantine, by region: no figure includes them until they are corrected or accepted.
-- Rows with a business day outside from and to are left out; rows whose day could not be read are always counted.
-- @from DATE = 0001-01-01: no rows of earlier days
-- @to DATE = 9999-12-31: no rows of later days
-- reads: sightings, visible_batches, visible_refusals
WITH
roots AS (
  SELECT
    batch_no,
    region
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
    refusals.outcome,
    refusals.sale_date
  FROM visible_refusals AS refusals
  WHERE refusals.batch_no IN (SELECT batch_no FROM roots)
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY refusals.batch_no, refusals.row_number
    ORDER BY refusals.fix_number DESC
  ) = 1
),
open_rows AS (
  SELECT
    refused.batch_no,
    refused.row_number
  FROM refused
  LEFT JOIN fixed
    ON fixed.batch_no = refused.batch_no
    AND fixed.row_number = refused.row_number
    AND fixed.fix_number >= refused.fix_number
  WHERE
    refused.outcome = 'quarantined'
    AND fixed.batch_no IS NULL
    AND (refused.sale_date IS NULL OR refused.sale_date BETWEEN @from AND @to)
),
final AS (
  SELECT
    roots.region,
    COUNT(*) AS refused_rows,
    COUNT(DISTINCT open_rows.batch_no) AS uploads
  FROM open_rows
  INNER JOIN roots ON roots.batch_no = open_rows.batch_no
  GROUP BY roots.region
)
SELECT * FROM final
ORDER BY refused_rows DESC, region
