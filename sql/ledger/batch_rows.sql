-- The accepted rows of a batch as stage wrote them, made again from the ledger: for `rebuild --check`.
-- @root_no INT64: the root batch
-- @settlement_no INT64: the settlement that took the batch in
-- @fix_number INT64: of a correction; -1: the root itself, with the fixes that a replay took along
-- @numbered BOOL: whether the source numbers its lines; else settle numbers them again
WITH
told AS (
  SELECT *
  FROM sightings
  WHERE batch_no = @root_no AND settlement_no = @settlement_no AND (@fix_number = -1 OR fix_number = @fix_number)
),
final AS (
  SELECT
    told.row_number,
    told.line_number,
    told.fix_number,
    -- Where the file's side rules every rank is 1; a row fixed and not refused may then as well have been accepted.
    told.rank = 1
    AND (
      batches.rules <> IF(batches.source IN ('till', 'form'), 'till', 'file')
      OR (told.fix_number > 0 AND told.outcome <> 'quarantined')
    ) AS accepted,
    batches.source,
    told.received_seq,
    NULLIF(told.source_version, 0) AS source_version,
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
  INNER JOIN told ON told.key = sale_versions.key AND told.content = sale_versions.content
  INNER JOIN batches ON batches.batch_no = told.batch_no
)
SELECT * FROM final
ORDER BY row_number
