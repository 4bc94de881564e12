-- The chosen sale lines with all columns, latest day first.
-- Provenance (batch, row, source) is determined as in the view sale_lines, only for the lines of the page.
-- @limit INT64 = 100: maximum number of lines
-- @offset INT64 = 0: number of lines to skip
-- reads: sourced_lines, visible_lines
-- amounts: converted
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
  SELECT
    visible_lines.*,
    CAST(NULL AS STRING) AS catalogue_name,
    CAST(NULL AS NUMERIC) AS reporting_amount
  FROM visible_lines
  WHERE sale IN (SELECT sale FROM page) AND key IN (SELECT key FROM page)
),
final AS (
  SELECT * EXCEPT (key, catalogue_name, reporting_amount) FROM sourced_lines
)
SELECT * FROM final
ORDER BY sale_date DESC, region, sale_id, line_key
