-- Each month with its average order value and its growth against the month before and the same month a year before.
-- Growth is a fraction, NULL where the month compared with has no revenue.
WITH
grouped AS (
  SELECT
    DATE_TRUNC(sale_date, MONTH) AS month,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT IF(is_active, customer, NULL)) AS customers,
    COUNT(*) AS lines,
    COUNTIF(is_unconverted) AS unconverted_lines
  FROM visible_sales
  GROUP BY month
),
final AS (
  SELECT
    this_month.month,
    this_month.revenue,
    this_month.orders,
    this_month.units,
    this_month.customers,
    this_month.lines,
    this_month.unconverted_lines,
    SAFE_DIVIDE(CAST(this_month.revenue AS NUMERIC), CAST(this_month.orders AS NUMERIC)) AS average_order_value,
    SAFE_DIVIDE(
      CAST(this_month.revenue - month_before.revenue AS NUMERIC),
      CAST(IF(month_before.revenue > 0, month_before.revenue, NULL) AS NUMERIC)
    ) AS revenue_growth,
    SAFE_DIVIDE(
      CAST(this_month.revenue - year_before.revenue AS NUMERIC),
      CAST(IF(year_before.revenue > 0, year_before.revenue, NULL) AS NUMERIC)
    ) AS revenue_growth_year
  FROM grouped AS this_month
  LEFT JOIN grouped AS month_before ON month_before.month = DATE_SUB(this_month.month, INTERVAL 1 MONTH)
  LEFT JOIN grouped AS year_before ON year_before.month = DATE_SUB(this_month.month, INTERVAL 12 MONTH)
)
SELECT * FROM final
ORDER BY month
