-- The amounts of one batch in each currency: its new, corrected and duplicate rows of every status.
-- @batch_id STRING: the batch
SELECT currency, net, gross
FROM receipt_amounts
WHERE batch_id = @batch_id
ORDER BY currency
