"""Statements to start from."""

EXAMPLE = """SELECT
  dim_date.month_start,
  fact_sales.region,
  ROUND(SUM(fact_sales.revenue), 2) AS revenue,
  COUNT(DISTINCT IF(fact_sales.counts_as_order, fact_sales.order_id, NULL)) AS orders
FROM fact_sales
JOIN dim_date ON dim_date.sale_date = fact_sales.sale_date
GROUP BY dim_date.month_start, fact_sales.region
ORDER BY dim_date.month_start DESC, fact_sales.region"""
EXAMPLES = {
    "Revenue and orders by month and region": EXAMPLE,
    "The ten best products": """SELECT
  dim_product.name,
  SUM(fact_sales.units) AS units,
  ROUND(SUM(fact_sales.revenue), 2) AS revenue
FROM fact_sales
JOIN dim_product ON dim_product.product_key = fact_sales.product_key
WHERE fact_sales.is_active
GROUP BY dim_product.name
ORDER BY revenue DESC
LIMIT 10""",
    "Each month compared with the previous month": """WITH months AS (
  SELECT dim_date.month_start, ROUND(SUM(fact_sales.revenue), 2) AS revenue
  FROM fact_sales
  JOIN dim_date ON dim_date.sale_date = fact_sales.sale_date
  GROUP BY dim_date.month_start
)
SELECT
  month_start,
  revenue,
  LAG(revenue) OVER (ORDER BY month_start) AS previous_month,
  ROUND(revenue / LAG(revenue) OVER (ORDER BY month_start) - 1, 4) AS revenue_growth
FROM months
ORDER BY month_start DESC""",
    "Customers who bought once": """SELECT fact_sales.region, COUNT(*) AS customers
FROM (
  SELECT region, customer_key, COUNT(DISTINCT order_id) AS orders
  FROM fact_sales
  WHERE counts_as_order
  GROUP BY region, customer_key
) AS fact_sales
WHERE fact_sales.orders = 1
GROUP BY fact_sales.region
ORDER BY customers DESC""",
}
"""Title → statement to start from."""
