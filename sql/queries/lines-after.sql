-- The chosen sale lines with all columns, latest day first, after the line of a position: pages that stay right while
-- lines arrive. Provenance as in sale-lines.
-- @after_day DATE = 9999-12-31: sale date of the line after which the page starts
-- @after_region STRING = : region of that line
-- @after_sale STRING = : sale ID of that line
-- @after_line STRING = : key of that line in its sale
-- @limit INT64 = 100: maximum number of lines
-- reads: sourced_lines, visible_lines, visible_sales
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
  SELECT
    visible_sales.*,
    CAST(NULL AS STRING) AS catalogue_name
  FROM visible_sales
  WHERE sale IN (SELECT sale FROM page) AND key IN (SELECT key FROM page)
),
final AS (
  SELECT * EXCEPT (key, catalogue_name) FROM sourced_lines
)
SELECT * FROM final
ORDER BY sale_date DESC, region, sale_id, line_key
