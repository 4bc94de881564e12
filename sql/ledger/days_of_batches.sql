-- The business days of the accepted rows of batches and of their corrections.
-- @batches ARRAY<INT64>: numbers of the batches
-- @received ARRAY<DATE>: UTC days on which they were received
SELECT DISTINCT sale_date
FROM batch_days
WHERE received_date IN UNNEST(@received) AND batch_no IN UNNEST(@batches)
