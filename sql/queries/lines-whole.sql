-- All chosen sale lines with all columns, searched as in lines-page, latest day first: for exports.
-- @q STRING = : only lines whose sale or product contains this text; also its people, if the user may see personal data
-- @personal INT64 = 0: set by the query layer: 1 if the user may see personal columns
WITH
lines AS (
  SELECT *
  FROM visible_sales
  WHERE
    (
      @q = ''
      OR STRPOS(LOWER(sale_id), LOWER(@q)) > 0
      OR STRPOS(LOWER(product_id), LOWER(@q)) > 0
      OR STRPOS(LOWER(product_name), LOWER(@q)) > 0
      OR (
        @personal = 1
        AND (
          STRPOS(LOWER(customer_id), LOWER(@q)) > 0
          OR STRPOS(LOWER(customer_name), LOWER(@q)) > 0
          OR STRPOS(LOWER(salesperson_id), LOWER(@q)) > 0
        )
      )
    )
),
greatest_sightings AS (
  SELECT *
  FROM counted_sightings
  WHERE key IN (SELECT key FROM lines)
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY key, content
    ORDER BY rank DESC, source_version DESC, place_order DESC, fix_number DESC, row_order DESC,
      receipt_order DESC, batch_id
  ) = 1
),
final AS (
  SELECT
    lines.region,
    lines.sale_id,
    lines.line_key,
    NULLIF(greatest_sightings.source_version, 0) AS source_version,
    lines.store_id,
    lines.salesperson_id,
    lines.customer_id,
    lines.customer_name,
    lines.product_id,
    lines.product_name,
    lines.category,
    lines.channel,
    lines.status,
    lines.sold_at,
    lines.sale_date,
    lines.country,
    lines.quantity,
    lines.unit_price,
    lines.discount,
    lines.tax,
    lines.net_amount,
    lines.gross_amount,
    lines.currency,
    lines.unit_cost,
    lines.returns_sale_id,
    lines.extra,
    CAST(lines.reporting_amount AS NUMERIC) AS reporting_amount,
    greatest_sightings.batch_id,
    greatest_sightings.row_number,
    greatest_sightings.line_number,
    greatest_sightings.source,
    greatest_sightings.received_seq,
    greatest_sightings.ingested_at
  FROM lines
  LEFT JOIN greatest_sightings
    ON greatest_sightings.key = lines.key AND greatest_sightings.content = lines.content
)
SELECT * FROM final
ORDER BY sale_date DESC, region, sale_id, line_key
