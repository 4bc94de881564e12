-- The numbers of the chosen sales as one row, with growth against the period before.
-- Growth compares whole months with as many whole months, else as many days, and only through the last day that the chosen
-- regions and stores have reported: an unfinished period with the same part of the one before. It is NULL without from
-- and to, and where the period before has nothing or begins before the first reported day.
-- Lines are counted whatever their status; units, revenue, customers, countries, categories and the first and last day
-- over lines that are not cancelled; orders over sales with a line neither cancelled nor returned.
WITH
foreign_days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    status,
    currency,
    sale_date,
    SUM(net_amount) AS net,
    SUM(quantity) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_order) AS orders
  FROM visible_foreign_lines
  GROUP BY status, currency, sale_date
),
sums AS (
  SELECT
    status,
    1 AS factor,
    SUM(net_amount) AS net,
    SUM(quantity) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_order) AS orders,
    MIN(sale_date) AS first_sale_date,
    MAX(sale_date) AS last_sale_date
  FROM visible_own_lines
  GROUP BY status
  UNION ALL
  SELECT
    foreign_days.status,
    rates.factor,
    foreign_days.net,
    foreign_days.units,
    foreign_days.lines,
    foreign_days.orders,
    foreign_days.sale_date AS first_sale_date,
    foreign_days.sale_date AS last_sale_date
  FROM foreign_days
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = foreign_days.sale_date AND rates.currency = foreign_days.currency
),
line_totals AS (
  SELECT
    CAST(COALESCE(SUM(lines), 0) AS INT64) AS lines,
    CAST(COALESCE(SUM(IF(status = 'cancelled', lines, 0)), 0) AS INT64) AS cancelled_lines,
    CAST(COALESCE(SUM(IF(status = 'pending', lines, 0)), 0) AS INT64) AS pending_lines
  FROM sums
),
active_totals AS (
  SELECT
    CAST(COALESCE(SUM(lines), 0) AS INT64) AS active_lines,
    CAST(COALESCE(SUM(orders), 0) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(COALESCE(SUM(CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC)), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(IF(factor IS NULL, lines, 0)), 0) AS INT64) AS unconverted_lines,
    MIN(first_sale_date) AS first_sale_date,
    MAX(last_sale_date) AS last_sale_date
  FROM sums
  WHERE status <> 'cancelled'
),
mixed_orders AS (
  SELECT COUNT(DISTINCT sale) AS orders FROM visible_lines WHERE is_mixed_order
),
order_totals AS (
  SELECT active_totals.orders + mixed_orders.orders AS orders FROM active_totals CROSS JOIN mixed_orders
),
customers AS (
  -- the id, else the name: a column each, as engines count columns faster than what is made from them
  SELECT customer_id AS customer FROM visible_lines WHERE is_active AND customer_id IS NOT NULL
  UNION DISTINCT
  SELECT customer_name AS customer
  FROM visible_lines
  WHERE is_active AND customer_id IS NULL AND customer_name IS NOT NULL
),
customer_totals AS (
  SELECT COUNT(*) AS customers FROM customers
),
country_totals AS (
  SELECT COUNT(DISTINCT country) AS countries FROM visible_lines WHERE is_active AND country IS NOT NULL
),
category_totals AS (
  SELECT COUNT(DISTINCT category) AS categories FROM visible_lines WHERE is_active AND category IS NOT NULL
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
earlier_days AS (
  SELECT
    currency,
    sale_date,
    SUM(active_net) AS net
  FROM earlier_lines
  GROUP BY currency, sale_date
),
earlier_rated AS (
  SELECT
    earlier_days.net,
    IF(earlier_days.currency = reporting_currency.currency, 1, rates.factor) AS factor
  FROM earlier_days
  CROSS JOIN reporting_currency
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = earlier_days.sale_date AND rates.currency = earlier_days.currency
),
earlier_money AS (
  SELECT CAST(SUM(CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC)) AS NUMERIC) AS revenue FROM earlier_rated
),
earlier_orders AS (
  SELECT
    (SELECT COUNTIF(is_order) FROM earlier_lines)
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
    active_totals.active_lines,
    line_totals.cancelled_lines,
    line_totals.pending_lines,
    order_totals.orders,
    customer_totals.customers,
    country_totals.countries,
    category_totals.categories,
    active_totals.units,
    active_totals.revenue,
    SAFE_DIVIDE(CAST(active_totals.revenue AS NUMERIC), CAST(order_totals.orders AS NUMERIC)) AS average_order_value,
    active_totals.unconverted_lines,
    active_totals.first_sale_date,
    active_totals.last_sale_date,
    reporting_currency.currency,
    last_settlement.as_of,
    SAFE_DIVIDE(
      CAST(active_totals.revenue - earlier_money.revenue AS NUMERIC),
      CAST(IF(earlier_money.revenue > 0, earlier_money.revenue, NULL) AS NUMERIC)
    ) AS revenue_growth,
    SAFE_DIVIDE(
      CAST(order_totals.orders - earlier_orders.orders AS NUMERIC),
      CAST(earlier_orders.orders AS NUMERIC)
    ) AS orders_growth
  FROM line_totals
  CROSS JOIN active_totals
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
