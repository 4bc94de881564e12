-- The latest outcome of each row of each upload; the outcome of a corrected row is that of its correction.
-- A row that the ledger rejected is also in sightings, with its key only; its outcome here is that of its rejection.
-- Later batches and undos do not change outcomes, so undone batches keep theirs.
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
