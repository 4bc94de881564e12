-- Stock by status: number of products in stores, their units, and their cost in the reporting currency. unsold: with stock,
-- and without sales in the last 56 days; it is part of in-stock and low as well. Rows are filtered by region, store,
-- category and product.
-- reads: visible_stock_facts
-- amounts: converted
WITH
statuses AS (
  SELECT
    status,
    on_hand > 0 AND recent_units = 0 AS is_unsold,
    COUNT(*) AS levels,
    SUM(on_hand) AS units,
    CAST(SUM(CAST(GREATEST(on_hand, 0) AS BIGNUMERIC) * CAST(reporting_cost AS BIGNUMERIC)) AS NUMERIC) AS stock_cost
  FROM visible_stock_facts
  GROUP BY status, is_unsold
),
kinds AS (
  SELECT status AS kind, levels, units, stock_cost FROM statuses
  UNION ALL
  SELECT 'unsold' AS kind, levels, units, stock_cost FROM statuses WHERE is_unsold
),
final AS (
  SELECT
    kind,
    CAST(SUM(levels) AS INT64) AS levels,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(COALESCE(SUM(stock_cost), 0) AS NUMERIC) AS stock_cost
  FROM kinds
  GROUP BY kind
)
SELECT * FROM final
ORDER BY kind
