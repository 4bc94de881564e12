-- The current lines of a region on some days with one of the sale IDs or amounts, and the contract that delivered each;
-- of several contracts, the last one by name. Detection compares a sample of a new file with them.
-- @region STRING: region of the sales
-- @days ARRAY<DATE>: business days
-- @sale_ids ARRAY<STRING>: sale IDs
-- @amounts ARRAY<NUMERIC>: net amounts of lines
-- @limit INT64: maximum number of lines
WITH
matching_lines AS (
  SELECT
    key,
    content,
    sale_id,
    line_key,
    store_id,
    COALESCE(product_id, product_name) AS product,
    sale_date,
    net_amount
  FROM current_lines
  WHERE region = @region
    AND sale_date IN UNNEST(@days)
    AND (sale_id IN UNNEST(@sale_ids) OR net_amount IN UNNEST(@amounts))
),
deliveries AS (
  SELECT sightings.key, sightings.content, MAX(batches.contract) AS contract
  FROM sightings
  INNER JOIN batches ON batches.batch_no = sightings.batch_no
  WHERE sightings.sale_date IN UNNEST(@days)
    AND sightings.outcome IN ('new', 'corrected', 'duplicate')
    AND batches.undone_no IS NULL
  GROUP BY sightings.key, sightings.content
),
final AS (
  SELECT
    matching_lines.sale_id,
    matching_lines.line_key,
    matching_lines.store_id,
    matching_lines.product,
    matching_lines.sale_date,
    matching_lines.net_amount,
    deliveries.contract
  FROM matching_lines
  INNER JOIN deliveries ON deliveries.key = matching_lines.key AND deliveries.content = matching_lines.content
)
SELECT * FROM final
ORDER BY sale_date, sale_id, line_key
LIMIT @limit
