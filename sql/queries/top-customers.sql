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
  SELECT customer, revenue FROM ranked ORDER BY revenue DESC, customer LIMIT @limit OFFSET @offset
),
final AS (
  SELECT
    page.customer,
    MIN(visible_sales.customer_name) AS customer_name,
    MIN(visible_sales.country) AS country,
    page.revenue,
    COUNT(DISTINCT IF(visible_sales.counts_as_order, visible_sales.sale, NULL)) AS orders,
    CAST(COALESCE(SUM(visible_sales.units), 0) AS NUMERIC) AS units,
    COUNT(*) AS lines,
    COUNTIF(visible_sales.is_unconverted) AS unconverted_lines,
    MAX(visible_sales.sale_date) AS last_sale_date
  FROM page
  INNER JOIN visible_sales ON visible_sales.customer = page.customer
  GROUP BY page.customer, page.revenue
)
SELECT * FROM final
ORDER BY revenue DESC, customer
