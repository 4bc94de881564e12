-- The current sale lines with all columns, including the provenance of the sighting that makes the content current (see
-- counted_sightings). Reads the whole ledger; the query sale-lines determines the provenance only for one page.
CREATE OR REPLACE VIEW sale_lines AS
WITH
greatest_sightings AS (
  SELECT *
  FROM counted_sightings
  WHERE TRUE  -- BigQuery requires a WHERE with QUALIFY
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY key, content
    ORDER BY rank DESC, source_version DESC, place_order DESC, fix_number DESC, row_order DESC,
      receipt_order DESC, batch_id
  ) = 1
),
final AS (
  SELECT
    current_lines.region,
    current_lines.sale_id,
    current_lines.line_key,
    NULLIF(greatest_sightings.source_version, 0) AS source_version,
    current_lines.store_id,
    current_lines.salesperson_id,
    current_lines.customer_id,
    current_lines.customer_name,
    current_lines.product_id,
    current_lines.product_name,
    current_lines.category,
    current_lines.channel,
    current_lines.status,
    current_lines.sold_at,
    current_lines.sale_date,
    current_lines.country,
    current_lines.quantity,
    current_lines.unit_price,
    current_lines.discount,
    current_lines.tax,
    current_lines.net_amount,
    current_lines.gross_amount,
    current_lines.currency,
    current_lines.unit_cost,
    current_lines.returns_sale_id,
    current_lines.extra,
    greatest_sightings.batch_id,
    greatest_sightings.row_number,
    greatest_sightings.line_number,
    greatest_sightings.source,
    greatest_sightings.received_seq,
    greatest_sightings.ingested_at
  FROM current_lines
  LEFT JOIN greatest_sightings
    ON greatest_sightings.key = current_lines.key AND greatest_sightings.content = current_lines.content
)
SELECT * FROM final
