-- The rows of `lines`, a relation of the query with the columns of sale_facts and catalogue_name, with the sighting that
-- makes the content of each current, as in the view sale_lines. `page`, another one, has their keys.
-- reads: counted_sightings, lines, page
-- follows: lines, page
-- amounts: converted
WITH
greatest_sightings AS (
  SELECT *
  FROM counted_sightings
  WHERE key IN (SELECT key FROM page)
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY key, content
    ORDER BY rank DESC, source_version DESC, place_order DESC, fix_number DESC, row_order DESC,
      receipt_order DESC, batch_id
  ) = 1
)
SELECT
  lines.key,
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
  lines.catalogue_name,
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
