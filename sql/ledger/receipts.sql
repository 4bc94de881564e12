-- The receipt of each upload: rows_read = new + corrected + duplicate + quarantined + blank + ignored.
-- `removed` is a number of lines, not of rows.
-- - fixes: Number of corrections of the upload
-- - rows_new: Number of rows whose line had no current content
-- - rows_corrected: Number of rows that replaced other current content
-- - rows_duplicate: Number of rows that did not change the current content
-- - rows_quarantined: Number of rejected rows that are neither corrected nor discarded
-- - superseded: Number of the duplicates that are older than the current content
CREATE OR REPLACE VIEW receipts AS
WITH
roots AS (
  SELECT * FROM batches WHERE batch_no = root_no
),
counted AS (
  SELECT
    batch_no,
    COUNTIF(outcome = 'new') AS rows_new,
    COUNTIF(outcome = 'corrected') AS rows_corrected,
    COUNTIF(outcome = 'duplicate') AS rows_duplicate,
    COUNTIF(outcome = 'quarantined') AS rows_quarantined,
    COUNTIF(outcome = 'ignored') AS rows_discarded,
    COUNTIF(superseded) AS superseded
  FROM outcomes
  GROUP BY batch_no
),
families AS (
  SELECT
    root_no,
    CAST(SUM(removed) AS INT64) AS removed,
    COUNTIF(fix_number > 0) AS fixes
  FROM batches
  GROUP BY root_no
),
final AS (
  SELECT
    roots.batch_id,
    roots.batch_no,
    roots.kind,
    roots.source,
    roots.region,
    roots.contract,
    roots.contract_version,
    roots.file,
    roots.sha256,
    roots.received_seq,
    roots.as_new,
    roots.parent,
    roots.replaces,
    roots.problems,
    roots.confirmed,
    roots.settlement_no,
    settlements.settled_at,
    roots.undone_no,
    families.fixes,
    roots.rows_read,
    COALESCE(counted.rows_new, 0) AS rows_new,
    COALESCE(counted.rows_corrected, 0) AS rows_corrected,
    COALESCE(counted.rows_duplicate, 0) AS rows_duplicate,
    COALESCE(counted.rows_quarantined, 0) AS rows_quarantined,
    roots.rows_blank,
    roots.rows_ignored + COALESCE(counted.rows_discarded, 0) AS rows_ignored,
    COALESCE(counted.superseded, 0) AS superseded,
    families.removed
  FROM roots
  INNER JOIN families ON families.root_no = roots.batch_no
  LEFT JOIN counted ON counted.batch_no = roots.batch_no
  LEFT JOIN settlements ON settlements.settlement_no = roots.settlement_no
)
SELECT * FROM final
