-- Sales by channel, highest revenue first. channel is NULL for the lines without a channel.
-- lines includes every status; revenue and units leave out cancelled lines, orders cancelled and
-- returned ones.
-- totals: revenue, units, lines, unconverted_lines
WITH
parts AS (
  SELECT
    channel,
    revenue,
    orders,
    units,
    lines,
    unconverted_lines
  FROM visible_sums
  UNION ALL
  SELECT
    channel,
    NULL AS revenue,
    COUNT(DISTINCT sale) AS orders,
    NULL AS units,
    0 AS lines,
    0 AS unconverted_lines
  FROM visible_lines
  WHERE is_mixed_order
  GROUP BY channel
),
grouped AS (
  SELECT
    channel,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM parts
  GROUP BY channel
),
final AS (
  SELECT
    grouped.*,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(SUM(revenue) OVER () AS NUMERIC)) AS revenue_share
  FROM grouped
)
SELECT * FROM final
ORDER BY revenue DESC, channel
