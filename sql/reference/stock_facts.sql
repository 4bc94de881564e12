-- What the figures of stock are computed from, by store and product: levels, names, status, and the cost of a unit. A
-- product has a row in a store if it was counted or moved there, or sold in the recent days.
-- - store_name: Name of the store
-- - lead_time_days: Days from an order at the supplier to its arrival; 7 if they are not recorded
-- - reporting_cost: unit_cost in the reporting currency
-- - factor: Factor from cost_currency into the reporting currency, by its last rate
CREATE OR REPLACE VIEW stock_facts AS
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT * FROM latest_rates
),
costs AS (
  SELECT
    catalogue_costs.product_id,
    catalogue_costs.region,
    catalogue_costs.currency,
    catalogue_costs.amount,
    IF(catalogue_costs.currency = reporting_currency.currency, 1, rates.factor) AS factor,
    CAST(
      CAST(catalogue_costs.amount AS BIGNUMERIC)
      * CAST(IF(catalogue_costs.currency = reporting_currency.currency, 1, rates.factor) AS BIGNUMERIC)
      AS NUMERIC
    ) AS reporting_amount
  FROM catalogue_costs
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.currency = catalogue_costs.currency
  WHERE catalogue_costs.next_day = DATE '9999-12-31'
),
products AS (
  SELECT
    catalogue_products.product_id,
    catalogue_products.category,
    catalogue_products.supplier,
    catalogue_products.pack_size,
    catalogue_products.minimum_stock,
    suppliers.lead_time_days
  FROM catalogue_products
  LEFT JOIN catalogue_suppliers AS suppliers ON suppliers.supplier = catalogue_products.supplier
  WHERE catalogue_products.valid_to IS NULL
),
names AS (
  SELECT kind, region, code, name FROM catalogue_names
),
levels AS (
  SELECT
    stock.region,
    stock.store_id,
    COALESCE(stores.name, stock.store_id) AS store_name,
    stock.product,
    COALESCE(product_names.name, stock.product_name, stock.product) AS product_name,
    COALESCE(products.category, stock.category) AS category,
    products.supplier,
    products.pack_size,
    stock.counted_on,
    stock.counted_at,
    stock.counted,
    stock.moved,
    stock.sold,
    stock.on_hand,
    stock.in_transit,
    stock.recent_units,
    products.minimum_stock,
    COALESCE(products.lead_time_days, 7) AS lead_time_days,
    COALESCE(costs.amount, common_costs.amount) AS unit_cost,
    IF(costs.amount IS NULL, common_costs.currency, costs.currency) AS cost_currency,
    IF(costs.amount IS NULL, common_costs.factor, costs.factor) AS factor,
    IF(costs.amount IS NULL, common_costs.reporting_amount, costs.reporting_amount) AS reporting_cost
  FROM stock_levels AS stock
  LEFT JOIN products ON products.product_id = stock.product
  LEFT JOIN names AS product_names ON product_names.kind = 'product' AND product_names.code = stock.product
  LEFT JOIN names AS stores
    ON stores.kind = 'store' AND stores.region = stock.region AND stores.code = stock.store_id
  LEFT JOIN costs ON costs.product_id = stock.product AND costs.region = stock.region
  LEFT JOIN costs AS common_costs ON common_costs.product_id = stock.product AND common_costs.region = '*'
  WHERE stock.moved IS NOT NULL
),
final AS (
  SELECT
    levels.*,
    CASE
      WHEN on_hand IS NULL THEN 'not-counted'
      WHEN on_hand < 0 THEN 'negative'
      WHEN on_hand = 0 THEN 'out'
      WHEN on_hand <= minimum_stock THEN 'low'
      WHEN
        minimum_stock IS NULL
        AND CAST(on_hand AS BIGNUMERIC) * CAST(56 AS BIGNUMERIC)
        <= CAST(recent_units AS BIGNUMERIC) * CAST(lead_time_days AS BIGNUMERIC)
        THEN 'low'
      ELSE 'in-stock'
    END AS status
  FROM levels
)
SELECT * FROM final
