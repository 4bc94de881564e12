-- The customers with the greatest revenue. A customer is the id, else the name; the name shown is the first by letter.
-- needs: see personal columns
-- @limit INT64 = 10: at most so many customers
-- @offset INT64 = 0: leave out so many first
WITH
foreign_days AS (
  -- by id and by name apart: engines group columns faster than what is made from them
  SELECT
    customer_id AS customer,
    currency,
    sale_date,
    SUM(active_net) AS net,
    COUNT(*) AS active_lines
  FROM visible_foreign_lines
  WHERE is_active AND customer_id IS NOT NULL
  GROUP BY customer_id, currency, sale_date
  UNION ALL
  SELECT
    customer_name AS customer,
    currency,
    sale_date,
    SUM(active_net) AS net,
    COUNT(*) AS active_lines
  FROM visible_foreign_lines
  WHERE is_active AND customer_id IS NULL AND customer_name IS NOT NULL
  GROUP BY customer_name, currency, sale_date
),
sums AS (
  SELECT
    customer_id AS customer,
    1 AS factor,
    SUM(active_net) AS net,
    COUNT(*) AS active_lines
  FROM visible_own_lines
  WHERE is_active AND customer_id IS NOT NULL
  GROUP BY customer_id
  UNION ALL
  SELECT
    customer_name AS customer,
    1 AS factor,
    SUM(active_net) AS net,
    COUNT(*) AS active_lines
  FROM visible_own_lines
  WHERE is_active AND customer_id IS NULL AND customer_name IS NOT NULL
  GROUP BY customer_name
  UNION ALL
  SELECT
    foreign_days.customer,
    rates.factor,
    foreign_days.net,
    foreign_days.active_lines
  FROM foreign_days
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = foreign_days.sale_date AND rates.currency = foreign_days.currency
),
ranked AS (
  SELECT
    customer,
    CAST(COALESCE(SUM(CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC)), 0) AS NUMERIC) AS revenue,
    CAST(SUM(IF(factor IS NULL, active_lines, 0)) AS INT64) AS unconverted_lines
  FROM sums
  GROUP BY customer
),
page AS (
  SELECT * FROM ranked ORDER BY revenue DESC, customer LIMIT @limit OFFSET @offset
),
bought AS (
  SELECT * FROM visible_lines WHERE customer_id IN (SELECT customer FROM page)
  UNION ALL
  SELECT * FROM visible_lines WHERE customer_id IS NULL AND customer_name IN (SELECT customer FROM page)
),
told AS (
  SELECT
    customer,
    MIN(customer_name) AS customer_name,
    MIN(country) AS country,
    COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(*) AS lines,
    MAX(sale_date) AS last_sale_date
  FROM bought
  GROUP BY customer
),
final AS (
  SELECT
    page.customer,
    told.customer_name,
    told.country,
    page.revenue,
    told.orders,
    told.units,
    told.lines,
    page.unconverted_lines,
    told.last_sale_date
  FROM page
  INNER JOIN told ON told.customer = page.customer
)
SELECT * FROM final
ORDER BY revenue DESC, customer
