-- Sales by store, the greatest revenue first; NULL gathers the lines without one.
-- lines counts every status; revenue, units and customers leave cancelled lines out, orders returned ones too.
WITH
grouped AS (
  SELECT
    region, store_id,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    COUNT(DISTINCT IF(is_active, customer, NULL)) AS customers,
    COUNT(*) AS lines,
    COUNTIF(is_unconverted) AS unconverted_lines
  FROM visible_sales
  GROUP BY region, store_id
),
final AS (
  SELECT
    grouped.*,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(SUM(revenue) OVER () AS NUMERIC)) AS revenue_share
  FROM grouped
)
SELECT * FROM final
ORDER BY revenue DESC, region, store_id
