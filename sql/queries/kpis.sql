-- The main figures of the chosen sales as one row, with growth against the previous period.
-- Whole months are compared with the same number of whole months, other periods with the same number of days. Only days
-- up to the last reported day count: an unfinished period is compared with the same part of the previous one. Growth is
-- NULL without from and to, if the previous period has no value, or if it begins before the first reported day.
-- lines includes every status. Units, revenue, customers, countries, categories, and the first and last day leave out
-- cancelled lines. Orders are the sales with at least one line that is neither cancelled nor returned.
WITH
line_totals AS (
  SELECT
    CAST(COALESCE(SUM(lines), 0) AS INT64) AS lines,
    CAST(COALESCE(SUM(active_lines), 0) AS INT64) AS active_lines,
    CAST(COALESCE(SUM(IF(status = 'cancelled', lines, 0)), 0) AS INT64) AS cancelled_lines,
    CAST(COALESCE(SUM(IF(status = 'pending', lines, 0)), 0) AS INT64) AS pending_lines,
    CAST(COALESCE(SUM(orders), 0) AS INT64) AS orders,
    COUNT(DISTINCT IF(active_lines > 0, country, NULL)) AS countries,
    COUNT(DISTINCT IF(active_lines > 0, category, NULL)) AS categories,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(unconverted_lines), 0) AS INT64) AS unconverted_lines,
    MIN(IF(active_lines > 0, sale_date, NULL)) AS first_sale_date,
    MAX(IF(active_lines > 0, sale_date, NULL)) AS last_sale_date
  FROM visible_sums
),
mixed_orders AS (
  SELECT COUNT(DISTINCT sale) AS orders FROM visible_lines WHERE is_mixed_order
),
order_totals AS (
  SELECT line_totals.orders + mixed_orders.orders AS orders FROM line_totals CROSS JOIN mixed_orders
),
customer_totals AS (
  SELECT COUNT(DISTINCT COALESCE(customer_id, customer_name)) AS customers
  FROM visible_customers
  WHERE active_lines > 0
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
earlier_totals AS (
  SELECT
    CAST(SUM(revenue) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(orders), 0) AS INT64) AS orders
  FROM earlier_sums
),
earlier_orders AS (
  SELECT
    (SELECT orders FROM earlier_totals)
    + (SELECT COUNT(DISTINCT sale) FROM earlier_lines WHERE is_mixed_order) AS orders
),
last_settlement AS (
  SELECT MAX(settled_at) AS as_of
  FROM settlements
  WHERE settlement_no = (SELECT MAX(settlement_no) FROM settlements)
),
final AS (
  SELECT
    line_totals.lines,
    line_totals.active_lines,
    line_totals.cancelled_lines,
    line_totals.pending_lines,
    order_totals.orders,
    customer_totals.customers,
    line_totals.countries,
    line_totals.categories,
    line_totals.units,
    line_totals.revenue,
    SAFE_DIVIDE(CAST(line_totals.revenue AS NUMERIC), CAST(order_totals.orders AS NUMERIC)) AS average_order_value,
    line_totals.unconverted_lines,
    line_totals.first_sale_date,
    line_totals.last_sale_date,
    reporting_currency.currency,
    last_settlement.as_of,
    SAFE_DIVIDE(
      CAST(line_totals.revenue - earlier_totals.revenue AS NUMERIC),
      CAST(IF(earlier_totals.revenue > 0, earlier_totals.revenue, NULL) AS NUMERIC)
    ) AS revenue_growth,
    SAFE_DIVIDE(
      CAST(order_totals.orders - earlier_orders.orders AS NUMERIC),
      CAST(earlier_orders.orders AS NUMERIC)
    ) AS orders_growth
  FROM line_totals
  CROSS JOIN order_totals
  CROSS JOIN customer_totals
  CROSS JOIN earlier_totals
  CROSS JOIN earlier_orders
  CROSS JOIN reporting_currency
  CROSS JOIN last_settlement
)
SELECT * FROM final
