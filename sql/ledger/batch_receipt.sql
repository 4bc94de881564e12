-- The receipt of one batch as one row; none where the ledger does not know it.
-- Parameters: batch_id STRING
SELECT receipts.*, batches.repeated_lines
FROM receipts
INNER JOIN batches ON batches.batch_no = receipts.batch_no
WHERE receipts.batch_id = @batch_id
