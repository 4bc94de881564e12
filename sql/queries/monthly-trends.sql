-- Each month with its average order value, and its growth against the previous month and the same month of the previous
-- year. Growth is a fraction of revenue up to the last chosen and reported day: an unfinished month is compared with
-- the same days of the other month. NULL if the other month has no revenue or its beginning is not completely reported.
-- totals: revenue, units, lines, unconverted_lines
WITH
periods AS (
  SELECT
    DATE_TRUNC(sale_date, MONTH) AS month,
    DATE_ADD(sale_date, INTERVAL 1 MONTH) <= last_day AS is_compared,
    DATE_ADD(sale_date, INTERVAL 12 MONTH) <= last_day AS is_compared_year,
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
    DATE_TRUNC(sale_date, MONTH) AS month,
    sale
  FROM visible_lines
  WHERE is_mixed_order
),
parts AS (
  SELECT * FROM periods
  UNION ALL
  SELECT
    month,
    FALSE AS is_compared,
    FALSE AS is_compared_year,
    NULL AS revenue,
    NULL AS units,
    0 AS lines,
    0 AS unconverted_lines,
    COUNT(DISTINCT sale) AS orders
  FROM mixed_orders
  GROUP BY month
),
grouped AS (
  SELECT
    month,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(IF(is_compared, revenue, NULL)) AS NUMERIC) AS compared_revenue,
    CAST(SUM(IF(is_compared_year, revenue, NULL)) AS NUMERIC) AS compared_revenue_year,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM parts
  GROUP BY month
),
whole AS (
  SELECT grouped.*
  FROM grouped
  CROSS JOIN compared_days
  WHERE grouped.month >= compared_days.first_day
),
final AS (
  SELECT
    this_month.month,
    this_month.revenue,
    this_month.orders,
    this_month.units,
    this_month.lines,
    this_month.unconverted_lines,
    SAFE_DIVIDE(CAST(this_month.revenue AS NUMERIC), CAST(this_month.orders AS NUMERIC)) AS average_order_value,
    SAFE_DIVIDE(
      CAST(this_month.revenue - month_before.compared_revenue AS NUMERIC),
      CAST(IF(month_before.compared_revenue > 0, month_before.compared_revenue, NULL) AS NUMERIC)
    ) AS revenue_growth,
    SAFE_DIVIDE(
      CAST(this_month.revenue - year_before.compared_revenue_year AS NUMERIC),
      CAST(IF(year_before.compared_revenue_year > 0, year_before.compared_revenue_year, NULL) AS NUMERIC)
    ) AS revenue_growth_year
  FROM grouped AS this_month
  LEFT JOIN whole AS month_before ON month_before.month = DATE_SUB(this_month.month, INTERVAL 1 MONTH)
  LEFT JOIN whole AS year_before ON year_before.month = DATE_SUB(this_month.month, INTERVAL 12 MONTH)
)
SELECT * FROM final
ORDER BY month
