-- The receipts of the chosen regions, the newest first, page by page.
-- needs: see uploads
-- @limit INT64 = 50: at most so many receipts
-- @offset INT64 = 0: leave out so many first
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
