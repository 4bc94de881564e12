-- The outcome of each file and of each micro-batch of store sales: rows_read is the sum of the six other row counts.
-- - received_at: When the batch was received, UTC
-- - settled_at: When its settlement was committed, UTC
-- - is_undone: TRUE if the batch was undone
-- - fixes, sum: Number of its corrections
-- - rows_read, sum: Number of rows after the header
-- - rows_new, sum: Number of rows whose line was not in the ledger
-- - rows_corrected, sum: Number of rows that changed a line in the ledger
-- - rows_duplicate, sum: Number of rows that changed nothing
-- - rows_quarantined, sum: Number of rejected rows that are neither corrected nor discarded
-- - rows_blank, sum: Number of blank rows
-- - rows_ignored, sum: Number of repeated headers, titles, totals, rows discarded by a person, and rows that are not sales
-- - removed, sum: Number of lines removed because they are missing from a complete sale or store-day
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
