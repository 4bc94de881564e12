-- Sale lines of a store in its last 28 days with sales, and how many of them have no time of day: for these, a count is
-- before opening or after closing.
-- @store STRING: store
-- reads: visible_stock_lines
WITH
lines AS (
  SELECT sale_date, sold_at FROM visible_stock_lines WHERE store_id = @store
),
final AS (
  SELECT COUNT(*) AS lines, COUNTIF(lines.sold_at IS NULL) AS untimed
  FROM lines
  INNER JOIN (SELECT MAX(sale_date) AS last_day FROM lines) AS newest
    ON lines.sale_date > DATE_SUB(newest.last_day, INTERVAL 28 DAY)
)
SELECT * FROM final
