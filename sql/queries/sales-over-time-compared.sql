-- The chosen period compared with the previous period and with the same days of the previous year, by day, week, month,
-- quarter or year series is now, before or year-before. position numbers the rows of a series from 0; rows with the
-- same position belong together. period_start is the first day of the row; weeks start on Monday. Only reported days
-- are compared, as in growth; there is no row if there is nothing to compare, and none for a period without sales.
-- @period STRING = monthly of daily|weekly|monthly|quarterly|yearly: the length of a period
-- measures of current_sales: now(revenue), now(orders), now(units), now(lines), now(unconverted_lines)
-- dimensions of current_sales: period_start
-- measures of earlier_sales: before(revenue), before(orders), before(units), before(lines), before(unconverted_lines)
-- dimensions of earlier_sales: period_start
-- measures of year_earlier_sales: year_before(revenue), year_before(orders), year_before(units)
-- measures of year_earlier_sales: year_before(lines), year_before(unconverted_lines)
-- dimensions of year_earlier_sales: period_start
-- reads: compared_periods, current_sales, earlier_sales, year_earlier_sales
-- amounts: converted
WITH
parts AS (
  SELECT
    'now' AS series,
    period_start,
    now_revenue AS revenue,
    now_orders AS orders,
    now_units AS units,
    now_lines AS lines,
    now_unconverted_lines AS unconverted_lines
  FROM current_sales
  UNION ALL
  SELECT
    'before' AS series,
    period_start,
    before_revenue AS revenue,
    before_orders AS orders,
    before_units AS units,
    before_lines AS lines,
    before_unconverted_lines AS unconverted_lines
  FROM earlier_sales
  UNION ALL
  SELECT
    'year-before' AS series,
    period_start,
    year_before_revenue AS revenue,
    year_before_orders AS orders,
    year_before_units AS units,
    year_before_lines AS lines,
    year_before_unconverted_lines AS unconverted_lines
  FROM year_earlier_sales
),
final AS (
  SELECT
    parts.series,
    CASE @period
      WHEN 'daily' THEN DATE_DIFF(parts.period_start, compared_periods.first_day, DAY)
      WHEN 'weekly' THEN CAST(
        SAFE_DIVIDE(
          CAST(DATE_DIFF(parts.period_start, DATE_TRUNC(compared_periods.first_day, ISOWEEK), DAY) AS NUMERIC),
          CAST(7 AS NUMERIC)
        ) AS INT64
      )
      WHEN 'monthly' THEN DATE_DIFF(parts.period_start, compared_periods.first_day, MONTH)
      WHEN 'quarterly' THEN DATE_DIFF(parts.period_start, compared_periods.first_day, QUARTER)
      WHEN 'yearly' THEN DATE_DIFF(parts.period_start, compared_periods.first_day, YEAR)
    END AS position,
    parts.period_start,
    parts.revenue,
    parts.orders,
    parts.units,
    parts.lines,
    parts.unconverted_lines
  FROM parts
  INNER JOIN compared_periods ON compared_periods.series = parts.series
)
SELECT * FROM final
ORDER BY position, series
