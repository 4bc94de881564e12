-- The numbers of the chosen sales as one row, with growth against the period of equal length before.
-- Lines are counted whatever their status; units, revenue, customers, countries, categories and the first and last day
-- over lines that are not cancelled; orders over sales with a line neither cancelled nor returned.
WITH
line_totals AS (
  SELECT
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines,
    COUNTIF(status = 'cancelled') AS cancelled_lines,
    COUNTIF(status = 'pending') AS pending_lines,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    MIN(IF(is_active, sale_date, NULL)) AS first_sale_date,
    MAX(IF(is_active, sale_date, NULL)) AS last_sale_date
  FROM visible_lines
),
money_totals AS (
  SELECT
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    COUNTIF(is_unconverted) AS unconverted_lines
  FROM visible_sales
),
order_totals AS (
  SELECT COUNT(DISTINCT sale) AS orders FROM visible_lines WHERE counts_as_order
),
customer_totals AS (
  SELECT COUNT(DISTINCT customer) AS customers FROM visible_lines WHERE is_active
),
country_totals AS (
  SELECT COUNT(DISTINCT country) AS countries FROM visible_lines WHERE is_active
),
category_totals AS (
  SELECT COUNT(DISTINCT category) AS categories FROM visible_lines WHERE is_active
),
earlier_money AS (
  SELECT CAST(SUM(revenue) AS NUMERIC) AS revenue FROM earlier_sales
),
earlier_orders AS (
  SELECT COUNT(DISTINCT sale) AS orders FROM earlier_lines WHERE counts_as_order
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
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
    country_totals.countries,
    category_totals.categories,
    line_totals.units,
    money_totals.revenue,
    SAFE_DIVIDE(CAST(money_totals.revenue AS NUMERIC), CAST(order_totals.orders AS NUMERIC)) AS average_order_value,
    money_totals.unconverted_lines,
    line_totals.first_sale_date,
    line_totals.last_sale_date,
    reporting_currency.currency,
    last_settlement.as_of,
    SAFE_DIVIDE(
      CAST(money_totals.revenue - earlier_money.revenue AS NUMERIC),
      CAST(IF(earlier_money.revenue > 0, earlier_money.revenue, NULL) AS NUMERIC)
    ) AS revenue_growth,
    SAFE_DIVIDE(
      CAST(order_totals.orders - earlier_orders.orders AS NUMERIC),
      CAST(earlier_orders.orders AS NUMERIC)
    ) AS orders_growth
  FROM line_totals
  CROSS JOIN money_totals
  CROSS JOIN order_totals
  CROSS JOIN customer_totals
  CROSS JOIN country_totals
  CROSS JOIN category_totals
  CROSS JOIN earlier_money
  CROSS JOIN earlier_orders
  CROSS JOIN reporting_currency
  CROSS JOIN last_settlement
)
SELECT * FROM final
