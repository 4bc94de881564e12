-- Stock at cost by group, as it was at the end of a day, by what is stored today. stock_cost is in the reporting currency,
-- at the costs and the rates of the day; products without a cost or a rate are counted in unvalued. Negative stock counts
-- as 0. Products that have neither stock nor recent sales today are left out. Rows are filtered by region, store, category
-- and product.
-- @day DATE: business day
-- @at TIMESTAMP = : instant on this day, UTC; default: its end
-- @today DATE = : last of the days whose sales are recent; default: day
-- @dimension STRING = region of region|store|category: what rows are of
-- reads: catalogue_costs, computed_stock_levels, reporting, reporting_rates, visible_stock_levels
-- amounts: converted
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT currency, factor
  FROM reporting_rates
  WHERE sale_date <= @day
  QUALIFY ROW_NUMBER() OVER (PARTITION BY currency ORDER BY sale_date DESC) = 1
),
costs AS (
  SELECT product_id, region, currency, amount FROM catalogue_costs WHERE first_day <= @day AND next_day > @day
),
levels AS (
  SELECT
    IF(@dimension = 'category', NULL, past.region) AS region,
    CASE @dimension WHEN 'region' THEN past.region WHEN 'store' THEN past.store_id ELSE visible.category END AS item,
    GREATEST(past.on_hand, 0) AS units,
    COALESCE(costs.amount, common_costs.amount) AS unit_cost,
    IF(costs.amount IS NULL, common_costs.currency, costs.currency) AS cost_currency
  FROM computed_stock_levels AS past
  INNER JOIN visible_stock_levels AS visible
    ON visible.region = past.region AND visible.store_id = past.store_id AND visible.product = past.product
  LEFT JOIN costs ON costs.product_id = past.product AND costs.region = past.region
  LEFT JOIN costs AS common_costs ON common_costs.product_id = past.product AND common_costs.region = '*'
  WHERE past.on_hand IS NOT NULL
),
valued AS (
  SELECT
    levels.region,
    levels.item,
    levels.units,
    CAST(CAST(levels.units AS BIGNUMERIC) * CAST(levels.unit_cost AS BIGNUMERIC) AS NUMERIC) AS own_cost,
    IF(levels.cost_currency = reporting_currency.currency, 1, rates.factor) AS factor
  FROM levels
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.currency = levels.cost_currency
),
converted AS (
  SELECT
    region,
    item,
    units,
    CAST(CAST(own_cost AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC) AS NUMERIC) AS stock_cost
  FROM valued
),
final AS (
  SELECT
    region,
    item,
    COUNT(*) AS levels,
    CAST(SUM(units) AS NUMERIC) AS units,
    CAST(COALESCE(SUM(stock_cost), 0) AS NUMERIC) AS stock_cost,
    COUNTIF(units > 0 AND stock_cost IS NULL) AS unvalued
  FROM converted
  GROUP BY region, item
)
SELECT * FROM final
ORDER BY stock_cost DESC, region, item
