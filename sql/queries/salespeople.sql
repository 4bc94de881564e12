-- Sales by salesperson, highest revenue first; the same ID in two regions is two salespeople.
-- totals: revenue, units, lines, unconverted_lines
-- needs: see personal columns
-- @limit INT64 = 100: maximum number of people
-- @offset INT64 = 0: number of people to skip
WITH
parts AS (
  SELECT
    region,
    salesperson_id,
    revenue,
    orders,
    units,
    lines,
    unconverted_lines
  FROM visible_sums
  WHERE salesperson_id IS NOT NULL
  UNION ALL
  SELECT
    region,
    salesperson_id,
    NULL AS revenue,
    COUNT(DISTINCT sale) AS orders,
    NULL AS units,
    0 AS lines,
    0 AS unconverted_lines
  FROM visible_lines
  WHERE is_mixed_order AND salesperson_id IS NOT NULL
  GROUP BY region, salesperson_id
),
grouped AS (
  SELECT
    region,
    salesperson_id,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM parts
  GROUP BY region, salesperson_id
),
buyers AS (
  SELECT
    region,
    salesperson_id,
    COUNT(DISTINCT COALESCE(customer_id, customer_name)) AS customers
  FROM visible_customers
  WHERE salesperson_id IS NOT NULL AND active_lines > 0
  GROUP BY region, salesperson_id
),
final AS (
  SELECT
    grouped.region,
    grouped.salesperson_id,
    grouped.revenue,
    grouped.orders,
    grouped.units,
    COALESCE(buyers.customers, 0) AS customers,
    grouped.lines,
    grouped.unconverted_lines
  FROM grouped
  LEFT JOIN buyers ON buyers.region = grouped.region AND buyers.salesperson_id = grouped.salesperson_id
)
SELECT * FROM final
ORDER BY revenue DESC, region, salesperson_id
LIMIT @limit OFFSET @offset
