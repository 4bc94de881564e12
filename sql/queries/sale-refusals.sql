-- The rejected and discarded rows of one sale whose sale ID could be read.
-- needs: see uploads
-- @region STRING: region of the sale
-- @sale_id STRING: ID of the sale
-- reads: refusals, settlements, visible_batches
WITH
final AS (
  SELECT
    visible_batches.batch_id,
    visible_batches.file,
    refusals.row_number,
    refusals.line_number,
    refusals.fix_number,
    refusals.outcome,
    refusals.code,
    refusals.store_id,
    refusals.settlement_no,
    settlements.settled_at
  FROM refusals
  INNER JOIN visible_batches ON visible_batches.batch_no = refusals.batch_no
  LEFT JOIN settlements ON settlements.settlement_no = refusals.settlement_no
  WHERE COALESCE(refusals.region, visible_batches.region) = @region AND refusals.sale_id = @sale_id
)
SELECT * FROM final
ORDER BY settlement_no, batch_id, row_number, fix_number
