-- The customers with the highest revenue. A customer is identified by ID, or by name if there is no ID; of several
-- names, the first in alphabetical order is shown.
-- totals: revenue, units, lines, unconverted_lines
-- needs: see personal columns
-- @limit INT64 = 10: maximum number of customers
-- @offset INT64 = 0: number of customers to skip
-- reads: visible_customer_sums, visible_lines
-- amounts: converted
WITH
ranked AS (
  SELECT
    COALESCE(customer_id, customer_name) AS customer,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM visible_customer_sums
  WHERE active_lines > 0
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
customers AS (
  SELECT
    customer,
    MIN(customer_name) AS customer_name,
    MIN(country) AS country,
    COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(*) AS lines,
    MAX(IF(is_active, sale_date, NULL)) AS last_sale_date
  FROM bought
  GROUP BY customer
),
final AS (
  SELECT
    page.customer,
    customers.customer_name,
    customers.country,
    page.revenue,
    customers.orders,
    customers.units,
    customers.lines,
    page.unconverted_lines,
    customers.last_sale_date
  FROM page
  INNER JOIN customers ON customers.customer = page.customer
)
SELECT * FROM final
ORDER BY revenue DESC, customer
