-- The receipts of the chosen regions, latest first.
-- needs: see uploads
-- @limit INT64 = 50: maximum number of receipts
-- @offset INT64 = 0: number of receipts to skip
-- reads: receipts, visible_batches
WITH
page AS (
  SELECT batch_id
  FROM visible_batches
  WHERE batch_no = root_no
  ORDER BY received_seq DESC, batch_id
  LIMIT @limit OFFSET @offset
),
final AS (
  SELECT receipts.*
  FROM receipts
  INNER JOIN page ON page.batch_id = receipts.batch_id
)
SELECT * FROM final
ORDER BY received_seq DESC, batch_id
