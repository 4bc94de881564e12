-- The batches of a settlement.
-- @settlement_no INT64: number of the settlement
SELECT batch_id FROM batches WHERE settlement_no = @settlement_no ORDER BY batch_no
