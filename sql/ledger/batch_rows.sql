-- The accepted rows of a batch as staged, restored from the ledger: for `rebuild --check`.
-- @root_no INT64: number of the upload
-- @settlement_no INT64: number of the settlement of the batch
-- @fix_number INT64: number of a correction; -1: the upload itself, with the corrections that a replay includes
-- @numbered BOOL: TRUE if the source numbers its lines; otherwise settlement numbers them again
WITH
batch_sightings AS (
  SELECT *
  FROM sightings
  WHERE batch_no = @root_no AND settlement_no = @settlement_no AND (@fix_number = -1 OR fix_number = @fix_number)
),
final AS (
  SELECT
    batch_sightings.row_number,
    batch_sightings.line_number,
    batch_sightings.fix_number,
    -- If the file's side wins, every rank is 1; a corrected row that was not rejected counts as accepted.
    batch_sightings.rank = 1
    AND (
      batches.rules <> IF(batches.source IN ('till', 'form'), 'till', 'file')
      OR (batch_sightings.fix_number > 0 AND batch_sightings.outcome <> 'quarantined')
    ) AS accepted,
    batches.source,
    batch_sightings.received_seq,
    NULLIF(batch_sightings.source_version, 0) AS source_version,
    sale_versions.region,
    sale_versions.sale_id,
    IF(@numbered, sale_versions.line_key, NULL) AS line_key,
    sale_versions.store_id,
    sale_versions.salesperson_id,
    sale_versions.customer_id,
    sale_versions.customer_name,
    sale_versions.product_id,
    sale_versions.product_name,
    sale_versions.category,
    sale_versions.channel,
    sale_versions.status,
    sale_versions.sold_at,
    sale_versions.sale_date,
    sale_versions.country,
    sale_versions.quantity,
    sale_versions.unit_price,
    sale_versions.discount,
    sale_versions.tax,
    sale_versions.net_amount,
    sale_versions.gross_amount,
    sale_versions.currency,
    sale_versions.unit_cost,
    sale_versions.returns_sale_id,
    sale_versions.extra
  FROM sale_versions
  INNER JOIN batch_sightings ON batch_sightings.key = sale_versions.key AND batch_sightings.content = sale_versions.content
  INNER JOIN batches ON batches.batch_no = batch_sightings.batch_no
)
SELECT * FROM final
ORDER BY row_number
