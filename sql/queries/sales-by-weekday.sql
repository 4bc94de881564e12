-- Sales by month and weekday, for a heatmap. month is the first day of the month; weekday is 1 (Monday) to 7 (Sunday).
-- days is the number of days with a sale; revenue / days is the average of such a day. Cells without sales have no row.
-- lines includes every status; revenue and units leave out cancelled lines, orders cancelled and
-- returned ones.
-- totals: revenue, units, lines, unconverted_lines
WITH
parts AS (
  SELECT
    sale_date,
    revenue,
    units,
    lines,
    unconverted_lines,
    orders
  FROM visible_sums
  UNION ALL
  -- a sale has one day, unless its source gives several: then it counts on each
  SELECT
    sale_date,
    NULL AS revenue,
    NULL AS units,
    0 AS lines,
    0 AS unconverted_lines,
    COUNT(DISTINCT sale) AS orders
  FROM visible_lines
  WHERE is_mixed_order
  GROUP BY sale_date
),
placed AS (
  SELECT
    DATE_TRUNC(sale_date, MONTH) AS month,
    DATE_DIFF(sale_date, DATE_TRUNC(sale_date, ISOWEEK), DAY) + 1 AS weekday,
    sale_date,
    revenue,
    units,
    lines,
    unconverted_lines,
    orders
  FROM parts
),
final AS (
  SELECT
    month,
    weekday,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT sale_date) AS days,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM placed
  GROUP BY month, weekday
)
SELECT * FROM final
ORDER BY month, weekday
