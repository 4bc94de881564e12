-- Sales by day, week, month, quarter or year, oldest first. period_start is the first day of the period; weeks start on
-- Monday. revenue_growth is a fraction against the previous period, up to the last chosen and reported day: an
-- unfinished period is compared with the same days of the previous one. NULL if that one has no revenue or its
-- beginning is not completely reported.
-- totals: revenue, units, lines, unconverted_lines
-- @period STRING = monthly of daily|weekly|monthly|quarterly|yearly: the length of a period
-- measures of periods: revenue, period_matched_revenue, orders, units, lines, unconverted_lines
-- dimensions of periods: period_start
-- reads: compared_days, periods
-- amounts: converted
WITH
compared AS (
  SELECT
    periods.*,
    LAG(period_matched_revenue) OVER (ORDER BY period_start) AS earlier_revenue,
    LAG(period_start) OVER (ORDER BY period_start) AS earlier_start,
    CASE @period
      WHEN 'daily' THEN DATE_SUB(period_start, INTERVAL 1 DAY)
      WHEN 'weekly' THEN DATE_SUB(period_start, INTERVAL 7 DAY)
      WHEN 'monthly' THEN DATE_SUB(period_start, INTERVAL 1 MONTH)
      WHEN 'quarterly' THEN DATE_SUB(period_start, INTERVAL 3 MONTH)
      WHEN 'yearly' THEN DATE_SUB(period_start, INTERVAL 12 MONTH)
    END AS expected_start
  FROM periods
),
expected AS (
  SELECT
    compared.*,
    compared.expected_start >= compared_days.first_day AS is_whole
  FROM compared
  CROSS JOIN compared_days
),
final AS (
  SELECT
    period_start,
    revenue,
    orders,
    units,
    lines,
    unconverted_lines,
    SAFE_DIVIDE(
      CAST(revenue - earlier_revenue AS NUMERIC),
      CAST(IF(earlier_start = expected_start AND is_whole AND earlier_revenue > 0, earlier_revenue, NULL) AS NUMERIC)
    ) AS revenue_growth
  FROM expected
)
SELECT * FROM final
ORDER BY period_start
