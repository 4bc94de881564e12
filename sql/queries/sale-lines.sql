-- The chosen sale lines with all columns, latest day first.
-- Provenance (batch, row, source) is determined as in the view sale_lines, only for the lines of the page.
-- @limit INT64 = 100: maximum number of lines
-- @offset INT64 = 0: number of lines to skip
WITH
page_days AS (
  -- narrow columns first: the days of the page, then its keys, then whole lines
  SELECT sale_date FROM visible_lines ORDER BY sale_date DESC LIMIT @limit OFFSET @offset
),
page AS (
  SELECT
    sale,
    key
  FROM visible_lines
  WHERE sale_date >= (SELECT MIN(sale_date) FROM page_days)
  ORDER BY sale_date DESC, sale, key
  LIMIT @limit OFFSET @offset
),
lines AS (
  SELECT * FROM visible_lines WHERE sale IN (SELECT sale FROM page) AND key IN (SELECT key FROM page)
),
greatest_sightings AS (
  SELECT *
  FROM counted_sightings
  WHERE key IN (SELECT key FROM page)
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
