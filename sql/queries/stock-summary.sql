-- Stock by status: number of products in stores, their units, and their cost in the reporting currency. unsold: with stock,
-- and without sales in the last 56 days; it is part of in-stock and low as well. Rows are filtered by region, store,
-- category and product.
WITH
kinds AS (
  SELECT status AS kind, on_hand, stock_cost FROM named_stock_levels
  UNION ALL
  SELECT 'unsold' AS kind, on_hand, stock_cost FROM named_stock_levels WHERE on_hand > 0 AND recent_units = 0
),
final AS (
  SELECT
    kind,
    COUNT(*) AS levels,
    CAST(COALESCE(SUM(on_hand), 0) AS NUMERIC) AS units,
    CAST(COALESCE(SUM(stock_cost), 0) AS NUMERIC) AS stock_cost
  FROM kinds
  GROUP BY kind
)
SELECT * FROM final
ORDER BY kind
