-- The receipt of one batch as one row; none where the batch is unknown, a correction, or of another region.
-- needs: see uploads
-- @batch_id STRING: the batch
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
