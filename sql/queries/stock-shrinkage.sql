-- Stock that was lost or turned up in a period, by store, cause and reason: differences between counts and the expected
-- units, write-offs, adjustments, losses between stores, and customers' returns that cannot be sold again. lost_cost is
-- lost_units minus gained_units at the cost and rate of the day, in the reporting currency; units without a cost or a rate
-- are the uncosted_units. Rows are filtered by region, store, category and product.
-- @first DATE: first business day
-- @last DATE: last business day
-- reads: catalogue_costs, catalogue_names, count_differences, reporting, reporting_rates, visible_movements
-- reads: visible_stock_levels
-- amounts: converted
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT * FROM reporting_rates
),
costs AS (
  SELECT * FROM catalogue_costs
),
common_costs AS (
  SELECT * FROM catalogue_costs WHERE region = '*'
),
names AS (
  SELECT kind, region, code, name FROM catalogue_names
),
events AS (
  SELECT
    region,
    store_id,
    product,
    counted_on AS day,
    'count-difference' AS cause,
    CAST(NULL AS STRING) AS reason,
    difference AS units
  FROM count_differences
  WHERE difference <> 0
  UNION ALL
  SELECT
    region,
    store_id,
    product,
    stock_date AS day,
    kind AS cause,
    reason,
    IF(kind = 'adjustment', quantity, -quantity) AS units
  FROM visible_movements
  WHERE kind IN ('write-off', 'adjustment', 'transfer-loss', 'unsellable-return')
),
chosen AS (
  SELECT
    events.*,
    COALESCE(costs.amount, common_costs.amount) AS unit_cost,
    IF(costs.amount IS NULL, common_costs.currency, costs.currency) AS cost_currency
  FROM events
  INNER JOIN visible_stock_levels AS levels
    ON levels.region = events.region AND levels.store_id = events.store_id AND levels.product = events.product
  LEFT JOIN costs
    ON costs.product_id = events.product
    AND costs.region = events.region
    AND costs.first_day <= events.day
    AND costs.next_day > events.day
  LEFT JOIN common_costs
    ON common_costs.product_id = events.product
    AND common_costs.first_day <= events.day
    AND common_costs.next_day > events.day
  WHERE events.day BETWEEN @first AND @last
),
valued AS (
  SELECT
    chosen.*,
    CAST(
      CAST(chosen.units AS BIGNUMERIC)
      * CAST(CAST(CAST(chosen.unit_cost AS BIGNUMERIC) * CAST(
        IF(chosen.cost_currency = reporting_currency.currency, 1, rates.factor) AS BIGNUMERIC
      ) AS NUMERIC) AS BIGNUMERIC) AS NUMERIC
    ) AS amount
  FROM chosen
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.sale_date = chosen.day AND rates.currency = chosen.cost_currency
),
grouped AS (
  SELECT
    region,
    store_id,
    cause,
    reason,
    COUNT(*) AS events,
    CAST(SUM(GREATEST(-units, 0)) AS NUMERIC) AS lost_units,
    CAST(SUM(GREATEST(units, 0)) AS NUMERIC) AS gained_units,
    CAST(SUM(IF(amount IS NULL, ABS(units), 0)) AS NUMERIC) AS uncosted_units,
    CAST(-SUM(amount) AS NUMERIC) AS lost_cost
  FROM valued
  GROUP BY region, store_id, cause, reason
),
final AS (
  SELECT grouped.region, grouped.store_id, COALESCE(names.name, grouped.store_id) AS store_name, grouped.* EXCEPT (
    region, store_id
  )
  FROM grouped
  LEFT JOIN names ON names.kind = 'store' AND names.region = grouped.region AND names.code = grouped.store_id
)
SELECT * FROM final
ORDER BY region, store_name, store_id, cause, reason
