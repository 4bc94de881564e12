-- The key figures of the chosen sales by day, week, month, quarter or year, oldest first. period_start is the first day
-- of the period; weeks start on Monday. There is no row for a period without sales. Each figure is as in kpis and
-- headline; margin is NULL if no line of the period has a cost.
-- @period STRING = monthly of daily|weekly|monthly|quarterly|yearly: the length of a period
WITH
parts AS (
  SELECT
    sale_date,
    revenue,
    units,
    orders,
    reporting_cost AS cost,
    costed_revenue,
    IF(status = 'returned', reporting_amount, NULL) AS returned_value,
    NULL AS sale,
    CAST(NULL AS STRING) AS customer
  FROM visible_sums
  UNION ALL
  SELECT
    sale_date,
    NULL AS revenue,
    NULL AS units,
    0 AS orders,
    NULL AS cost,
    NULL AS costed_revenue,
    NULL AS returned_value,
    sale,
    CAST(NULL AS STRING) AS customer
  FROM visible_lines
  WHERE is_mixed_order
  UNION ALL
  SELECT
    sale_date,
    NULL AS revenue,
    NULL AS units,
    0 AS orders,
    NULL AS cost,
    NULL AS costed_revenue,
    NULL AS returned_value,
    NULL AS sale,
    COALESCE(customer_id, customer_name) AS customer
  FROM visible_customers
  WHERE active_lines > 0
),
placed AS (
  SELECT
    parts.*,
    CASE @period
      WHEN 'daily' THEN sale_date
      WHEN 'weekly' THEN DATE_TRUNC(sale_date, ISOWEEK)
      WHEN 'monthly' THEN DATE_TRUNC(sale_date, MONTH)
      WHEN 'quarterly' THEN DATE_TRUNC(sale_date, QUARTER)
      WHEN 'yearly' THEN DATE_TRUNC(sale_date, YEAR)
    END AS period_start
  FROM parts
),
grouped AS (
  SELECT
    period_start,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(orders) + COUNT(DISTINCT sale) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT customer) AS customers,
    CAST(SUM(costed_revenue) AS NUMERIC) AS costed_revenue,
    CAST(SUM(cost) AS NUMERIC) AS cost,
    CAST(COALESCE(SUM(returned_value), 0) AS NUMERIC) AS returned_value
  FROM placed
  GROUP BY period_start
),
final AS (
  SELECT
    period_start,
    revenue,
    orders,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(orders AS NUMERIC)) AS average_order_value,
    units,
    customers,
    CAST(costed_revenue - cost AS NUMERIC) AS margin,
    returned_value
  FROM grouped
)
SELECT * FROM final
ORDER BY period_start
