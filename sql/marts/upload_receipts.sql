-- The outcome of each file and of each micro-batch of tills: rows_read is the sum of the six other counts of rows.
-- - received_at: When it was received, UTC
-- - settled_at: When its settlement committed, UTC
-- - is_undone: Whether its rows stopped counting
-- - fixes, sum: Corrections that were submitted for it
-- - rows_read, sum: Rows after the header
-- - rows_new, sum: Rows whose line was not in the ledger
-- - rows_corrected, sum: Rows that replaced the content of their line
-- - rows_duplicate, sum: Rows that changed nothing
-- - rows_quarantined, sum: Rows that are not repaired yet
-- - rows_blank, sum: Blank rows
-- - rows_ignored, sum: Repeated headers, titles and totals, and rows discarded by a person
-- - removed, sum: Lines that it removed, as it contains complete sales or store-days
CREATE OR REPLACE VIEW upload_receipts AS
SELECT
  batch_id,
  file,
  region,
  contract,
  contract_version,
  source,
  kind,
  TIMESTAMP_MICROS(received_seq) AS received_at,
  settled_at,
  undone_no IS NOT NULL AS is_undone,
  fixes,
  rows_read,
  rows_new,
  rows_corrected,
  rows_duplicate,
  rows_quarantined,
  rows_blank,
  rows_ignored,
  removed
FROM receipts
