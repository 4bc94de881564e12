-- What each row of each root batch did: its latest outcome, a row fixed later with the outcome of its fix.
-- A row that the ledger refused stands in sightings too, where it only names its key; its refusal is what counts here.
-- Later batches and undos never rewrite an outcome, so undone batches keep theirs.
CREATE OR REPLACE VIEW outcomes AS
WITH
told AS (
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
  FROM told
  WHERE fix_number > 0
  GROUP BY batch_no, row_number
),
final AS (
  SELECT told.*
  FROM told
  LEFT JOIN fixed ON fixed.batch_no = told.batch_no AND fixed.row_number = told.row_number
  WHERE told.fix_number = COALESCE(fixed.fix_number, 0)
)
SELECT * FROM final
