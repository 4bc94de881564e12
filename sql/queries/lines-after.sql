-- The chosen sale lines with all columns, latest day first, after the line of a position: pages that stay right while
-- lines arrive. Provenance as in sale-lines.
-- @after_day DATE = 9999-12-31: sale date of the line after which the page starts
-- @after_region STRING = : region of that line
-- @after_sale STRING = : sale ID of that line
-- @after_line STRING = : key of that line in its sale
-- @limit INT64 = 100: maximum number of lines
WITH
later_lines AS (
  SELECT
    sale,
    key,
    sale_date,
    region,
    sale_id,
    line_key
  FROM visible_lines
  WHERE
    sale_date < @after_day
    OR (
      sale_date = @after_day
      AND (
        region > @after_region
        OR (
          region = @after_region
          AND (sale_id > @after_sale OR (sale_id = @after_sale AND line_key > @after_line))
        )
      )
    )
),
page_days AS (
  -- one narrow column first: how far the page reaches; only lines up to there are sorted
  SELECT sale_date FROM later_lines ORDER BY sale_date DESC LIMIT @limit
),
page AS (
  SELECT
    sale,
    key
  FROM later_lines
  WHERE sale_date >= (SELECT MIN(sale_date) FROM page_days)
  ORDER BY sale_date DESC, region, sale_id, line_key
  LIMIT @limit
),
lines AS (
  SELECT * FROM visible_sales WHERE sale IN (SELECT sale FROM page) AND key IN (SELECT key FROM page)
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
