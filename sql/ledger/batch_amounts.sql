-- The amounts of one batch by currency: of its new, corrected and duplicate rows, whatever their status.
-- @batch_id STRING: ID of the batch
SELECT currency, net, gross
FROM receipt_amounts
WHERE batch_id = @batch_id
ORDER BY currency
