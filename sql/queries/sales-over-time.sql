-- Sales by day, week, month, quarter or year, oldest first. period_start is the first day of the period; weeks start on
-- Monday. revenue_growth is a fraction against the previous period, up to the last chosen and reported day: an
-- unfinished period is compared with the same days of the previous one. NULL if that one has no revenue or its
-- beginning is not completely reported.
-- totals: revenue, units, lines, unconverted_lines
-- @period STRING = monthly of daily|weekly|monthly|quarterly|yearly: the length of a period
WITH
periods AS (
  SELECT
    CASE @period
      WHEN 'daily' THEN sale_date
      WHEN 'weekly' THEN DATE_TRUNC(sale_date, ISOWEEK)
      WHEN 'monthly' THEN DATE_TRUNC(sale_date, MONTH)
      WHEN 'quarterly' THEN DATE_TRUNC(sale_date, QUARTER)
      WHEN 'yearly' THEN DATE_TRUNC(sale_date, YEAR)
    END AS period_start,
    CASE @period
      WHEN 'daily' THEN DATE_ADD(sale_date, INTERVAL 1 DAY)
      WHEN 'weekly' THEN DATE_ADD(sale_date, INTERVAL 7 DAY)
      WHEN 'monthly' THEN DATE_ADD(sale_date, INTERVAL 1 MONTH)
      WHEN 'quarterly' THEN DATE_ADD(sale_date, INTERVAL 3 MONTH)
      WHEN 'yearly' THEN DATE_ADD(sale_date, INTERVAL 12 MONTH)
    END <= last_day AS is_compared,
    revenue,
    units,
    lines,
    unconverted_lines,
    orders
  FROM visible_sums
  CROSS JOIN compared_days
),
mixed_orders AS (
  SELECT
    CASE @period
      WHEN 'daily' THEN sale_date
      WHEN 'weekly' THEN DATE_TRUNC(sale_date, ISOWEEK)
      WHEN 'monthly' THEN DATE_TRUNC(sale_date, MONTH)
      WHEN 'quarterly' THEN DATE_TRUNC(sale_date, QUARTER)
      WHEN 'yearly' THEN DATE_TRUNC(sale_date, YEAR)
    END AS period_start,
    sale
  FROM visible_lines
  WHERE is_mixed_order
),
parts AS (
  SELECT * FROM periods
  UNION ALL
  SELECT
    period_start,
    FALSE AS is_compared,
    NULL AS revenue,
    NULL AS units,
    0 AS lines,
    0 AS unconverted_lines,
    COUNT(DISTINCT sale) AS orders
  FROM mixed_orders
  GROUP BY period_start
),
grouped AS (
  SELECT
    period_start,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(IF(is_compared, revenue, NULL)) AS NUMERIC) AS compared_revenue,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM parts
  GROUP BY period_start
),
compared AS (
  SELECT
    grouped.*,
    LAG(compared_revenue) OVER (ORDER BY period_start) AS earlier_revenue,
    LAG(period_start) OVER (ORDER BY period_start) AS earlier_start,
    CASE @period
      WHEN 'daily' THEN DATE_SUB(period_start, INTERVAL 1 DAY)
      WHEN 'weekly' THEN DATE_SUB(period_start, INTERVAL 7 DAY)
      WHEN 'monthly' THEN DATE_SUB(period_start, INTERVAL 1 MONTH)
      WHEN 'quarterly' THEN DATE_SUB(period_start, INTERVAL 3 MONTH)
      WHEN 'yearly' THEN DATE_SUB(period_start, INTERVAL 12 MONTH)
    END AS expected_start
  FROM grouped
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
