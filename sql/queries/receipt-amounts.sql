-- The amounts of one batch by currency: of its new, corrected and duplicate rows, whatever their status.
-- needs: see uploads
-- @batch_id STRING: ID of the batch
-- reads: receipt_amounts, visible_batches
WITH
batch AS (
  SELECT batch_id FROM visible_batches WHERE batch_id = @batch_id
),
final AS (
  SELECT
    receipt_amounts.currency,
    receipt_amounts.net,
    receipt_amounts.gross
  FROM receipt_amounts
  INNER JOIN batch ON batch.batch_id = receipt_amounts.batch_id
)
SELECT * FROM final
ORDER BY currency
