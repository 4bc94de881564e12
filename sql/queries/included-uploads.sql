-- The uploads that contain the chosen sale lines, each with its number of lines and their revenue; most lines first. A
-- line belongs to the last upload with its current content, as in sale-lines; a corrected row belongs to its upload.
-- revenue is in the reporting currency, without lines that have no rate; all_uploads is the number of uploads on all
-- pages.
-- needs: see uploads
-- @counts STRING = active of all|active|orders|cancelled|pending|returned|costed|unconverted: which lines to include
-- @limit INT64 = 50: maximum number of uploads
-- @offset INT64 = 0: number of uploads to skip
-- reads: batches, counted_sightings, settlements, visible_costs, visible_sales
-- amounts: converted
WITH
costed_keys AS (
  SELECT key FROM visible_costs WHERE @counts = 'costed' AND is_active AND line_cost IS NOT NULL
),
chosen AS (
  SELECT
    key,
    content,
    CASE
      WHEN @counts IN ('cancelled', 'pending', 'returned') THEN reporting_amount
      ELSE revenue
    END AS amount,
    is_unconverted
  FROM visible_sales
  WHERE
    CASE @counts
      WHEN 'all' THEN TRUE
      WHEN 'active' THEN is_active
      WHEN 'orders' THEN counts_as_order
      WHEN 'costed' THEN key IN (SELECT key FROM costed_keys)
      WHEN 'unconverted' THEN is_unconverted
      ELSE status = @counts
    END
),
greatest_sightings AS (
  SELECT
    key,
    content,
    batch_no,
    fix_number
  FROM counted_sightings
  WHERE key IN (SELECT key FROM chosen)
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY key, content
    ORDER BY rank DESC, source_version DESC, place_order DESC, fix_number DESC, row_order DESC,
      receipt_order DESC, batch_id
  ) = 1
),
grouped AS (
  SELECT
    greatest_sightings.batch_no,
    COUNT(*) AS lines,
    COUNTIF(greatest_sightings.fix_number > 0) AS corrected_lines,
    COUNTIF(chosen.is_unconverted) AS unconverted_lines,
    CAST(COALESCE(SUM(chosen.amount), 0) AS NUMERIC) AS revenue
  FROM chosen
  INNER JOIN greatest_sightings ON greatest_sightings.key = chosen.key AND greatest_sightings.content = chosen.content
  GROUP BY greatest_sightings.batch_no
),
final AS (
  SELECT
    batches.batch_id,
    batches.file,
    batches.source,
    batches.region,
    batches.contract,
    batches.received_seq,
    settlements.settled_at,
    grouped.lines,
    grouped.corrected_lines,
    grouped.unconverted_lines,
    grouped.revenue,
    COUNT(*) OVER () AS all_uploads
  FROM grouped
  INNER JOIN batches ON batches.batch_no = grouped.batch_no
  LEFT JOIN settlements ON settlements.settlement_no = batches.settlement_no
)
SELECT * FROM final
ORDER BY lines DESC, batch_id
LIMIT @limit OFFSET @offset
