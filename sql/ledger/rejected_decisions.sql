-- The rejected rows of some batches, with the settlement that rejected each.
-- @batches ARRAY<INT64>: numbers of the batches
-- @received ARRAY<DATE>: UTC days on which they were received
-- @region STRING: only rows of this region, and those whose region could not be read; empty: all rows
-- @store STRING: only rows of this store, and those whose store could not be read; empty: all rows
SELECT settlement_no, batch_no, row_number, fix_number, outcome, problems
FROM refusals
WHERE batch_no IN UNNEST(@batches)
  AND received_date IN UNNEST(@received)
  AND (@region = '' OR region IS NULL OR region = @region)
  AND (@store = '' OR store_id IS NULL OR store_id = @store)
