-- The products with the greatest revenue. A product is its id, else its name; name and category are the first by letter.
-- lines counts every status; revenue, units and customers leave cancelled lines out, orders returned ones too.
-- @limit INT64 = 100: at most so many products
-- @offset INT64 = 0: leave out so many first
WITH
products AS (
  SELECT
    sale,
    customer,
    counts_as_order,
    is_active,
    product_name,
    category,
    revenue,
    units,
    is_unconverted,
    COALESCE(product_id, product_name) AS product
  FROM visible_sales
),
ranked AS (
  SELECT
    product,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue
  FROM products
  WHERE product IS NOT NULL
  GROUP BY product
),
page AS (
  SELECT product FROM ranked ORDER BY revenue DESC, product LIMIT @limit OFFSET @offset
),
final AS (
  SELECT
    product,
    MIN(product_name) AS product_name,
    MIN(category) AS category,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT IF(is_active, customer, NULL)) AS customers,
    COUNT(*) AS lines,
    COUNTIF(is_unconverted) AS unconverted_lines
  FROM products
  WHERE product IN (SELECT product FROM page)
  GROUP BY product
)
SELECT * FROM final
ORDER BY revenue DESC, product
