-- Batches by ID, and the business days of their accepted rows and of those of their corrections: a row for each day, or
-- one with NULL for a batch without accepted rows.
-- @batches ARRAY<STRING>: IDs of the batches
-- @received ARRAY<DATE>: UTC days on which they were received
WITH
days AS (
  SELECT batch_no, sale_date FROM batch_days WHERE received_date IN UNNEST(@received)
)
SELECT DISTINCT
  batches.batch_no,
  days.sale_date
FROM batches
LEFT JOIN days ON days.batch_no = batches.batch_no
WHERE batches.received_date IN UNNEST(@received) AND batches.batch_id IN UNNEST(@batches)
