-- Sales by salesperson, the greatest revenue first; an id counts within its region.
-- needs: see personal columns
-- @limit INT64 = 100: at most so many people
-- @offset INT64 = 0: leave out so many first
WITH
ranked AS (
  SELECT
    region,
    salesperson_id,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue
  FROM visible_sales
  WHERE salesperson_id IS NOT NULL
  GROUP BY region, salesperson_id
),
page AS (
  SELECT * FROM ranked ORDER BY revenue DESC, region, salesperson_id LIMIT @limit OFFSET @offset
),
final AS (
  SELECT
    page.region,
    page.salesperson_id,
    page.revenue,
    COUNT(DISTINCT IF(visible_sales.counts_as_order, visible_sales.sale, NULL)) AS orders,
    CAST(COALESCE(SUM(visible_sales.units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT IF(visible_sales.is_active, visible_sales.customer, NULL)) AS customers,
    COUNT(*) AS lines,
    COUNTIF(visible_sales.is_unconverted) AS unconverted_lines
  FROM page
  INNER JOIN visible_sales
    ON visible_sales.region = page.region AND visible_sales.salesperson_id = page.salesperson_id
  GROUP BY page.region, page.salesperson_id, page.revenue
)
SELECT * FROM final
ORDER BY revenue DESC, region, salesperson_id
