-- Growth of each headline figure against the previous period and against the same days of the previous year; one row
-- per figure. Only reported days are compared, as in kpis. Growth is a fraction; NULL if the other period has no value.
-- There is no row if there is nothing to compare: without from and to, or if both other periods begin before the first
-- reported day.
WITH
money AS (
  SELECT 'now' AS series, revenue, units, orders FROM compared_sums
  UNION ALL
  SELECT 'before' AS series, revenue, units, orders FROM earlier_sums
  UNION ALL
  SELECT 'year-before' AS series, revenue, units, orders FROM year_earlier_sums
),
sums AS (
  SELECT
    series,
    CAST(SUM(revenue) AS NUMERIC) AS revenue,
    CAST(SUM(units) AS NUMERIC) AS units,
    CAST(SUM(orders) AS INT64) AS orders
  FROM money
  GROUP BY series
),
mixed_orders AS (
  SELECT 'now' AS series, COUNT(DISTINCT sale) AS orders FROM compared_lines WHERE is_mixed_order
  UNION ALL
  SELECT 'before' AS series, COUNT(DISTINCT sale) AS orders FROM earlier_lines WHERE is_mixed_order
  UNION ALL
  SELECT 'year-before' AS series, COUNT(DISTINCT sale) AS orders FROM year_earlier_lines WHERE is_mixed_order
),
named AS (
  SELECT 'now' AS series, COALESCE(customer_id, customer_name) AS customer, active_lines FROM compared_customers
  UNION ALL
  SELECT 'before' AS series, COALESCE(customer_id, customer_name) AS customer, active_lines FROM earlier_customers
  UNION ALL
  SELECT 'year-before' AS series, COALESCE(customer_id, customer_name) AS customer, active_lines
  FROM year_earlier_customers
),
people AS (
  SELECT
    series,
    COUNT(DISTINCT customer) AS customers
  FROM named
  WHERE active_lines > 0
  GROUP BY series
),
totals AS (
  SELECT
    compared_periods.series,
    COALESCE(sums.revenue, 0) AS revenue,
    COALESCE(sums.units, 0) AS units,
    COALESCE(sums.orders, 0) + COALESCE(mixed_orders.orders, 0) AS orders,
    COALESCE(people.customers, 0) AS customers
  FROM compared_periods
  LEFT JOIN sums ON sums.series = compared_periods.series
  LEFT JOIN mixed_orders ON mixed_orders.series = compared_periods.series
  LEFT JOIN people ON people.series = compared_periods.series
),
figures AS (
  SELECT 1 AS place, 'revenue' AS figure, series, CAST(revenue AS NUMERIC) AS value FROM totals
  UNION ALL
  SELECT 2 AS place, 'orders' AS figure, series, CAST(orders AS NUMERIC) AS value FROM totals
  UNION ALL
  SELECT 3 AS place, 'average_order_value' AS figure, series,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(orders AS NUMERIC)) AS value
  FROM totals
  UNION ALL
  SELECT 4 AS place, 'units' AS figure, series, CAST(units AS NUMERIC) AS value FROM totals
  UNION ALL
  SELECT 5 AS place, 'customers' AS figure, series, CAST(customers AS NUMERIC) AS value FROM totals
),
beside AS (
  SELECT
    place,
    figure,
    MAX(IF(series = 'now', value, NULL)) AS value,
    MAX(IF(series = 'before', value, NULL)) AS before,
    MAX(IF(series = 'year-before', value, NULL)) AS year_before
  FROM figures
  GROUP BY place, figure
),
final AS (
  SELECT
    place,
    figure,
    value,
    before,
    year_before,
    SAFE_DIVIDE(CAST(value - before AS NUMERIC), CAST(IF(before > 0, before, NULL) AS NUMERIC)) AS growth,
    SAFE_DIVIDE(
      CAST(value - year_before AS NUMERIC),
      CAST(IF(year_before > 0, year_before, NULL) AS NUMERIC)
    ) AS year_growth
  FROM beside
)
SELECT * FROM final
ORDER BY place
