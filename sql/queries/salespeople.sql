-- Sales by salesperson, the greatest revenue first; an id counts within its region.
-- needs: see personal columns
-- @limit INT64 = 100: at most so many people
-- @offset INT64 = 0: leave out so many first
WITH
grouped AS (
  SELECT
    region,
    salesperson_id,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT IF(is_active, customer, NULL)) AS customers,
    COUNT(*) AS lines,
    COUNTIF(is_unconverted) AS unconverted_lines
  FROM visible_sales
  WHERE salesperson_id IS NOT NULL
  GROUP BY region, salesperson_id
),
final AS (
  SELECT * FROM grouped
)
SELECT * FROM final
ORDER BY revenue DESC, region, salesperson_id
LIMIT @limit OFFSET @offset
