-- The rows of store messages whose lines count now, of some sales of a store and day.
-- @region STRING: region of the store
-- @store STRING: ID of the store
-- @day DATE: business day
-- @sales ARRAY<STRING>: IDs of the sales
SELECT DISTINCT
  sale_versions.sale_id,
  batches.batch_id,
  sightings.row_number
FROM sale_versions
INNER JOIN sightings
  ON sightings.key = sale_versions.key AND sightings.content = sale_versions.content
INNER JOIN batches ON batches.batch_no = sightings.batch_no
WHERE sale_versions.is_current
  AND sale_versions.region = @region
  AND sale_versions.store_id = @store
  AND sale_versions.sale_date = @day
  AND sightings.sale_date = @day
  AND sale_versions.sale_id IN UNNEST(@sales)
  AND sightings.outcome IN ('new', 'corrected', 'duplicate')
  AND batches.kind = 'messages'
  AND batches.undone_no IS NULL
ORDER BY batches.batch_id, sightings.row_number
