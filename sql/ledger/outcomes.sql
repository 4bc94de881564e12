-- The latest outcome of each row of each root batch; a row corrected later has the outcome of its correction.
-- A row that the ledger refused is also in sightings, but only with its key; its refusal is what counts here.
-- Later batches and undos never rewrite an outcome, so undone batches keep theirs.
CREATE OR REPLACE VIEW outcomes AS
WITH
recorded_rows AS (
  SELECT
    batch_no,
    row_number,
    line_number,
    fix_number,
    outcome,
    superseded,
    CAST(NULL AS STRING) AS refused_by,
    key,
    content,
    settlement_no
  FROM sightings
  WHERE outcome <> 'quarantined'
  UNION ALL
  SELECT
    batch_no,
    row_number,
    line_number,
    fix_number,
    outcome,
    FALSE AS superseded,
    refused_by,
    NULL AS key,
    NULL AS content,
    settlement_no
  FROM refusals
),
fixed AS (
  SELECT
    batch_no,
    row_number,
    MAX(fix_number) AS fix_number
  FROM recorded_rows
  WHERE fix_number > 0
  GROUP BY batch_no, row_number
),
final AS (
  SELECT recorded_rows.*
  FROM recorded_rows
  LEFT JOIN fixed ON fixed.batch_no = recorded_rows.batch_no AND fixed.row_number = recorded_rows.row_number
  WHERE recorded_rows.fix_number = COALESCE(fixed.fix_number, 0)
)
SELECT * FROM final
