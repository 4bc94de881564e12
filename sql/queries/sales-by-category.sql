-- Sales by category, the greatest revenue first; NULL gathers the lines without one.
-- lines counts every status; revenue and units leave cancelled lines out.
WITH
days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    category,
    currency,
    sale_date,
    SUM(active_net) AS net,
    SUM(units) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines
  FROM visible_foreign_lines
  GROUP BY category, currency, sale_date
),
sums AS (
  SELECT
    category,
    1 AS factor,
    SUM(active_net) AS net,
    SUM(units) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines
  FROM visible_own_lines
  GROUP BY category
  UNION ALL
  SELECT
    days.category,
    rates.factor,
    days.net,
    days.units,
    days.lines,
    days.active_lines
  FROM days
  LEFT JOIN reporting_rates AS rates ON rates.sale_date = days.sale_date AND rates.currency = days.currency
),
grouped AS (
  SELECT
    category,
    CAST(COALESCE(SUM(CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC)), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(IF(factor IS NULL, active_lines, 0)) AS INT64) AS unconverted_lines
  FROM sums
  GROUP BY category
),
final AS (
  SELECT
    grouped.*,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(SUM(revenue) OVER () AS NUMERIC)) AS revenue_share
  FROM grouped
)
SELECT * FROM final
ORDER BY revenue DESC, category
