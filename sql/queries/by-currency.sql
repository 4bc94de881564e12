-- The chosen sales by currency, highest revenue first. net is in the currency of the row, without cancelled lines;
-- revenue is the same amount in the reporting currency, NULL if no line of the currency has a rate. revenue_share is
-- the share of all converted revenue. lines includes every status.
-- reads: reporting, visible_lines, visible_sums
-- amounts: converted
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
mixed_orders AS (
  SELECT
    currency,
    COUNT(DISTINCT sale) AS orders
  FROM visible_lines
  WHERE is_mixed_order
  GROUP BY currency
),
grouped AS (
  SELECT
    currency,
    CAST(COALESCE(SUM(IF(active_lines > 0, net, NULL)), 0) AS NUMERIC) AS net,
    CAST(SUM(revenue) AS NUMERIC) AS revenue,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM visible_sums
  GROUP BY currency
),
final AS (
  SELECT
    grouped.currency,
    grouped.currency = reporting_currency.currency AS is_reporting,
    grouped.net,
    grouped.revenue,
    SAFE_DIVIDE(CAST(grouped.revenue AS NUMERIC), CAST(SUM(grouped.revenue) OVER () AS NUMERIC)) AS revenue_share,
    grouped.orders + COALESCE(mixed_orders.orders, 0) AS orders,
    grouped.lines,
    grouped.unconverted_lines
  FROM grouped
  CROSS JOIN reporting_currency
  LEFT JOIN mixed_orders ON mixed_orders.currency = grouped.currency
)
SELECT * FROM final
ORDER BY COALESCE(revenue, 0) DESC, currency
