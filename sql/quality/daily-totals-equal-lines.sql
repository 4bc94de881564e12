-- The daily totals equal the sum of the lines for each day, region and currency, and have their orders by category and
-- product. Days whose totals are not refreshed yet are left out.
-- @days ARRAY<DATE>: the days to check
WITH
summed_through AS (
  SELECT MAX(split_settlement_no) AS settlement_no FROM summed
),
stale AS (
  SELECT settlement_days.sale_date
  FROM settlement_days
  CROSS JOIN summed_through
  WHERE settlement_days.settlement_no > summed_through.settlement_no
  UNION DISTINCT
  SELECT sale_date FROM catalogue_days
),
tables AS (
  SELECT 'day_sums' AS totals
  UNION ALL
  SELECT 'product_sums' AS totals
),
sides AS (
  SELECT
    'day_sums' AS totals,
    sale_date,
    region,
    currency,
    lines,
    net,
    IF(split_orders IS NULL, 1, 0) AS rows_without_orders,
    0 AS lines_of_sales,
    CAST(NULL AS NUMERIC) AS net_of_sales
  FROM day_sums
  WHERE sale_date IN UNNEST(@days)
  UNION ALL
  SELECT
    'product_sums' AS totals,
    sale_date,
    region,
    currency,
    lines,
    net,
    IF(split_orders IS NULL, 1, 0) AS rows_without_orders,
    0 AS lines_of_sales,
    CAST(NULL AS NUMERIC) AS net_of_sales
  FROM product_sums
  WHERE sale_date IN UNNEST(@days)
  UNION ALL
  SELECT
    tables.totals,
    sale_date,
    region,
    currency,
    0 AS lines,
    CAST(NULL AS NUMERIC) AS net,
    0 AS rows_without_orders,
    1 AS lines_of_sales,
    net_amount AS net_of_sales
  FROM current_lines
  CROSS JOIN tables
  WHERE sale_date IN UNNEST(@days)
),
grouped AS (
  SELECT
    totals,
    sale_date,
    region,
    currency,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(lines_of_sales) AS INT64) AS lines_of_sales,
    CAST(COALESCE(SUM(net), 0) AS NUMERIC) AS net,
    CAST(COALESCE(SUM(net_of_sales), 0) AS NUMERIC) AS net_of_sales,
    CAST(SUM(rows_without_orders) AS INT64) AS rows_without_orders
  FROM sides
  GROUP BY totals, sale_date, region, currency
),
final AS (
  SELECT grouped.*
  FROM grouped
  LEFT JOIN stale ON stale.sale_date = grouped.sale_date
  WHERE stale.sale_date IS NULL
)
SELECT * FROM final WHERE lines <> lines_of_sales OR net <> net_of_sales OR rows_without_orders > 0
