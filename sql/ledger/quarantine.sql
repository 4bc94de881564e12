-- The rows of each upload that are still rejected, with their text (NULL: read it from the original file) and problems.
CREATE OR REPLACE VIEW quarantine AS
WITH
open_rows AS (
  SELECT * FROM outcomes WHERE outcome = 'quarantined'
),
final AS (
  SELECT
    batches.batch_id,
    batches.region,
    open_rows.batch_no,
    open_rows.row_number,
    open_rows.line_number,
    open_rows.fix_number,
    refusals.refused_by,
    refusals.raw,
    refusals.code,
    refusals.column_name,
    refusals.value,
    refusals.problems,
    open_rows.settlement_no
  FROM open_rows
  INNER JOIN refusals
    ON refusals.batch_no = open_rows.batch_no
    AND refusals.row_number = open_rows.row_number
    AND refusals.fix_number = open_rows.fix_number
  INNER JOIN batches ON batches.batch_no = open_rows.batch_no
)
SELECT * FROM final
