-- Stock of counted products in stores, for restocking. unit_cost: the cost of the catalogue that is valid now, in the
-- reporting currency at the latest rate; NULL without one.
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
latest_rates AS (
  SELECT currency, factor
  FROM reporting_rates
  WHERE TRUE  -- BigQuery requires a WHERE with QUALIFY
  QUALIFY ROW_NUMBER() OVER (PARTITION BY currency ORDER BY sale_date DESC) = 1
),
costs AS (
  SELECT
    catalogue_costs.product_id,
    catalogue_costs.region,
    CAST(
      CAST(catalogue_costs.amount AS BIGNUMERIC)
      * CAST(
        IF(catalogue_costs.currency = reporting_currency.currency, 1, latest_rates.factor) AS BIGNUMERIC
      ) AS NUMERIC
    ) AS amount
  FROM catalogue_costs
  CROSS JOIN reporting_currency
  LEFT JOIN latest_rates ON latest_rates.currency = catalogue_costs.currency
  WHERE catalogue_costs.next_day = DATE '9999-12-31'
),
final AS (
  SELECT
    stock_levels.region,
    stock_levels.store_id,
    stock_levels.product,
    stock_levels.category,
    stock_levels.on_hand,
    stock_levels.in_transit,
    COALESCE(costs.amount, common_costs.amount) AS unit_cost
  FROM stock_levels
  LEFT JOIN costs ON costs.product_id = stock_levels.product AND costs.region = stock_levels.region
  LEFT JOIN costs AS common_costs
    ON common_costs.product_id = stock_levels.product AND common_costs.region = '*'
  WHERE stock_levels.on_hand IS NOT NULL
)
SELECT * FROM final
ORDER BY region, store_id, product
