-- The accepted rows of some batches, with the settlement that accepted each.
-- @batches ARRAY<INT64>: numbers of the batches
-- @received ARRAY<DATE>: UTC days on which they were received
-- @days ARRAY<DATE>: business days of their accepted rows
-- @region STRING: only rows of this region; empty: all rows
-- @store STRING: only rows of this store; empty: all rows
SELECT
  sightings.settlement_no,
  sightings.batch_no,
  sightings.row_number,
  sightings.fix_number,
  sightings.outcome,
  sightings.superseded
FROM sale_versions
INNER JOIN sightings
  ON sightings.key = sale_versions.key AND sightings.content = sale_versions.content
WHERE sightings.batch_no IN UNNEST(@batches)
  AND sightings.received_date IN UNNEST(@received)
  AND sightings.sale_date IN UNNEST(@days)
  AND sale_versions.sale_date IN UNNEST(@days)
  AND sightings.outcome <> 'quarantined'
  AND (@region = '' OR sale_versions.region = @region)
  AND (@store = '' OR sale_versions.store_id = @store)
