-- The business days of the accepted rows of a batch and of its corrections.
-- @batch_id STRING: ID of the batch
-- @received_date DATE: UTC day on which it was received
SELECT DISTINCT batch_days.sale_date
FROM batch_days
INNER JOIN batches ON batches.batch_no = batch_days.batch_no
WHERE batch_days.received_date = @received_date
  AND batches.received_date = @received_date
  AND batches.batch_id = @batch_id
