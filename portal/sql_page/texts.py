"""Texts of the page for SQL."""

EXAMPLE = """SELECT
  dim_date.month_start,
  fact_sales.region,
  SUM(fact_sales.revenue) AS revenue,
  COUNT(DISTINCT IF(fact_sales.counts_as_order, fact_sales.order_id, NULL)) AS orders
FROM fact_sales
JOIN dim_date ON dim_date.sale_date = fact_sales.sale_date
GROUP BY dim_date.month_start, fact_sales.region
ORDER BY dim_date.month_start DESC, fact_sales.region"""
NOTHING = "Write a SELECT first."
FILE = "sql"


def in_use(most: int) -> str:
    return f"{most} of your queries are running. Wait for one of them, or cancel it."
