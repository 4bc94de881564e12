-- The stores whose tills sent sales of days from @first on: the time of the last one, in microseconds since 1970, and the
-- number of days with sales. Sales after @until are left out: the clock of their till is wrong.
-- @first DATE: first day
-- @until INT64: microseconds since 1970
WITH
till_batches AS (
  SELECT batch_no FROM batches WHERE source = 'till' AND undone_no IS NULL
),
sold AS (
  SELECT
    lines.region,
    lines.store_id,
    lines.sale_date,
    UNIX_MICROS(lines.sold_at) AS sold_micros
  FROM current_lines AS lines
  INNER JOIN sightings
    ON sightings.key = lines.key AND sightings.content = lines.content
  INNER JOIN till_batches ON till_batches.batch_no = sightings.batch_no
  WHERE lines.sale_date >= @first AND sightings.sale_date >= @first AND lines.store_id IS NOT NULL
),
final AS (
  SELECT
    region,
    store_id,
    MAX(sold_micros) AS last_sold_micros,
    COUNT(DISTINCT sale_date) AS days
  FROM sold
  WHERE sold_micros <= @until
  GROUP BY region, store_id
)
SELECT * FROM final
ORDER BY region, store_id
