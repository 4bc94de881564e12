-- Each month with its average order value and its growth against the month before and the same month a year before.
-- Growth is a fraction, NULL where the month compared with has no revenue.
WITH
days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    sale_date,
    currency,
    SUM(active_net) AS net,
    SUM(units) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines,
    COUNTIF(is_order) AS orders
  FROM visible_lines
  GROUP BY sale_date, currency
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
sums AS (
  SELECT
    days.sale_date,
    IF(days.currency = reporting_currency.currency, 1, rates.factor) AS factor,
    days.net,
    days.units,
    days.lines,
    days.active_lines,
    days.orders
  FROM days
  CROSS JOIN reporting_currency
  LEFT JOIN reporting_rates AS rates ON rates.sale_date = days.sale_date AND rates.currency = days.currency
),
periods AS (
  SELECT
    DATE_TRUNC(sale_date, MONTH) AS month,
    factor,
    net,
    units,
    lines,
    active_lines,
    orders
  FROM sums
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
    NULL AS factor,
    NULL AS net,
    NULL AS units,
    0 AS lines,
    0 AS active_lines,
    COUNT(DISTINCT sale) AS orders
  FROM mixed_orders
  GROUP BY month
),
grouped AS (
  SELECT
    month,
    CAST(COALESCE(SUM(CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC)), 0) AS NUMERIC) AS revenue,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(IF(factor IS NULL, active_lines, 0)) AS INT64) AS unconverted_lines
  FROM parts
  GROUP BY month
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
