-- Sums of a product's active lines whose cost is not from their source, by region, day, currency, and each currency of
-- the product's costs: from these the margins with other costs follow. rate is the amount in the currency of the lines of one unit of
-- cost_currency on the day; NULL without rates. Lines without a quantity are left out.
-- @product STRING: code of the product
-- @cost_currency STRING: currency of another cost
-- @since DATE: first day
-- reads: dim_product_cost, reporting, reporting_rates, visible_lines
-- amounts: converted
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT * FROM reporting_rates
),
cost_currencies AS (
  SELECT currency AS cost_currency FROM dim_product_cost WHERE product_id = @product
  UNION DISTINCT
  SELECT @cost_currency AS cost_currency
),
sums AS (
  SELECT
    region,
    sale_date,
    currency,
    COUNT(*) AS lines,
    CAST(SUM(units) AS NUMERIC) AS units,
    CAST(SUM(active_net) AS NUMERIC) AS net
  FROM visible_lines
  WHERE
    is_active
    AND product_id IS NOT NULL
    AND unit_cost IS NULL
    AND units IS NOT NULL
    AND product = @product
    AND sale_date >= @since
  GROUP BY region, sale_date, currency
),
rated AS (
  SELECT
    sums.*,
    cost_currencies.cost_currency,
    IF(sums.currency = reporting_currency.currency, 1, rates.factor) AS factor,
    IF(cost_currencies.cost_currency = reporting_currency.currency, 1, cost_rates.factor) AS cost_factor
  FROM sums
  CROSS JOIN cost_currencies
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.sale_date = sums.sale_date AND rates.currency = sums.currency
  LEFT JOIN rates AS cost_rates
    ON cost_rates.sale_date = sums.sale_date AND cost_rates.currency = cost_currencies.cost_currency
),
final AS (
  SELECT
    region,
    sale_date,
    currency,
    cost_currency,
    lines,
    units,
    net,
    IF(
      cost_currency = currency,
      CAST(1 AS NUMERIC),
      SAFE_DIVIDE(CAST(cost_factor AS NUMERIC), CAST(factor AS NUMERIC))
    ) AS rate
  FROM rated
)
SELECT * FROM final
ORDER BY region, sale_date, currency, cost_currency
