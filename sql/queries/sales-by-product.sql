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
  SELECT product, revenue FROM ranked ORDER BY revenue DESC, product LIMIT @limit OFFSET @offset
),
final AS (
  SELECT
    page.product,
    MIN(products.product_name) AS product_name,
    MIN(products.category) AS category,
    page.revenue,
    COUNT(DISTINCT IF(products.counts_as_order, products.sale, NULL)) AS orders,
    CAST(COALESCE(SUM(products.units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT IF(products.is_active, products.customer, NULL)) AS customers,
    COUNT(*) AS lines,
    COUNTIF(products.is_unconverted) AS unconverted_lines
  FROM page
  INNER JOIN products ON products.product = page.product
  GROUP BY page.product, page.revenue
)
SELECT * FROM final
ORDER BY revenue DESC, product
