-- The customers with the greatest revenue. A customer is the id, else the name; the name shown is the first by letter.
-- needs: see personal columns
-- @limit INT64 = 10: at most so many customers
-- @offset INT64 = 0: leave out so many first
WITH
ranked AS (
  SELECT
    customer,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue
  FROM visible_sales
  WHERE customer IS NOT NULL AND is_active
  GROUP BY customer
),
page AS (
  SELECT customer FROM ranked ORDER BY revenue DESC, customer LIMIT @limit OFFSET @offset
),
final AS (
  SELECT
    customer,
    MIN(customer_name) AS customer_name,
    MIN(country) AS country,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_unconverted) AS unconverted_lines,
    MAX(sale_date) AS last_sale_date
  FROM visible_sales
  WHERE customer IN (SELECT customer FROM page)
  GROUP BY customer
)
SELECT * FROM final
ORDER BY revenue DESC, customer
