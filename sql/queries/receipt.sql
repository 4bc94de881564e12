-- The receipt of one batch as one row; no row if the batch is unknown, is a correction, or belongs to a region
-- that the user cannot see.
-- needs: see uploads
-- @batch_id STRING: ID of the batch
-- reads: receipts, visible_batches
WITH
batch AS (
  SELECT batch_id FROM visible_batches WHERE batch_id = @batch_id
),
final AS (
  SELECT receipts.*
  FROM receipts
  INNER JOIN batch ON batch.batch_id = receipts.batch_id
)
SELECT * FROM final
