-- Sales by period, the oldest first; period_start is the period's first day, weeks start on Monday.
-- revenue_growth is the fraction against the period just before, NULL where that one has no revenue.
-- @period STRING = monthly of daily|weekly|monthly|quarterly|yearly: the length of a period
WITH
dated AS (
  SELECT
    visible_sales.*,
    CASE @period
      WHEN 'daily' THEN sale_date
      WHEN 'weekly' THEN DATE_TRUNC(sale_date, ISOWEEK)
      WHEN 'monthly' THEN DATE_TRUNC(sale_date, MONTH)
      WHEN 'quarterly' THEN DATE_TRUNC(sale_date, QUARTER)
      WHEN 'yearly' THEN DATE_TRUNC(sale_date, YEAR)
    END AS period_start
  FROM visible_sales
),
grouped AS (
  SELECT
    period_start,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT IF(is_active, customer, NULL)) AS customers,
    COUNT(*) AS lines,
    COUNTIF(is_unconverted) AS unconverted_lines
  FROM dated
  GROUP BY period_start
),
compared AS (
  SELECT
    grouped.*,
    LAG(revenue) OVER (ORDER BY period_start) AS earlier_revenue,
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
final AS (
  SELECT
    period_start,
    revenue,
    orders,
    units,
    customers,
    lines,
    unconverted_lines,
    SAFE_DIVIDE(
      CAST(revenue - earlier_revenue AS NUMERIC),
      CAST(IF(earlier_start = expected_start AND earlier_revenue > 0, earlier_revenue, NULL) AS NUMERIC)
    ) AS revenue_growth
  FROM compared
)
SELECT * FROM final
ORDER BY period_start
