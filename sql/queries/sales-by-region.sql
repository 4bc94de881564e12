-- Sales by region, the greatest revenue first; NULL gathers the lines without one.
-- lines counts every status; revenue and units leave cancelled lines out, orders returned ones too.
WITH
days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    region,
    currency,
    sale_date,
    SUM(active_net) AS net,
    SUM(units) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines,
    COUNTIF(is_order) AS orders
  FROM visible_foreign_lines
  GROUP BY region, currency, sale_date
),
sums AS (
  SELECT
    region,
    1 AS factor,
    SUM(active_net) AS net,
    SUM(units) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines,
    COUNTIF(is_order) AS orders
  FROM visible_own_lines
  GROUP BY region
  UNION ALL
  SELECT
    days.region,
    rates.factor,
    days.net,
    days.units,
    days.lines,
    days.active_lines,
    days.orders
  FROM days
  LEFT JOIN reporting_rates AS rates ON rates.sale_date = days.sale_date AND rates.currency = days.currency
  UNION ALL
  SELECT
    region,
    NULL AS factor,
    NULL AS net,
    NULL AS units,
    0 AS lines,
    0 AS active_lines,
    COUNT(DISTINCT sale) AS orders
  FROM visible_lines
  WHERE is_mixed_order
  GROUP BY region
),
grouped AS (
  SELECT
    region,
    CAST(COALESCE(SUM(CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC)), 0) AS NUMERIC) AS revenue,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(IF(factor IS NULL, active_lines, 0)) AS INT64) AS unconverted_lines
  FROM sums
  GROUP BY region
),
final AS (
  SELECT
    grouped.*,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(SUM(revenue) OVER () AS NUMERIC)) AS revenue_share
  FROM grouped
)
SELECT * FROM final
ORDER BY revenue DESC, region
