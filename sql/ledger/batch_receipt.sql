-- The receipt of one batch as one row; no row if it is not in the ledger.
-- Parameters: batch_id STRING
SELECT receipts.*, batches.repeated_lines
FROM receipts
INNER JOIN batches ON batches.batch_no = receipts.batch_no
WHERE receipts.batch_id = @batch_id
