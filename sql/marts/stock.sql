-- Stock by store and product, with names, status, days of cover, and value at cost. A product has a row in a store if it was
-- counted or moved there, or sold in the recent days.
-- - store_name: Name of the store
-- - product_name: Name of the product
-- - category: Category of the product in the catalogue; otherwise that of its sales
-- - supplier: Code of the supplier of the product
-- - pack_size: Units in a pack
-- - counted_on: Business day of the last count
-- - counted_at: Time of the last count, UTC
-- - counted: Units of the last count
-- - moved, sum: Units that came or went since the last count, sales left out
-- - sold, sum: Units sold since the last count, returns deducted
-- - on_hand, sum: Units on hand: counted + moved - sold; NULL if the product was never counted in the store
-- - in_transit, sum: Units that other stores sent and that have not arrived
-- - recent_units, sum: Units sold in the last 56 days, returns left out
-- - low_below: Units up to which stock is low: the minimum stock of the product, or its sales in the lead time, or in 7 days
-- - unit_cost: Cost of a unit in the catalogue, in cost_currency
-- - cost_currency: Currency of unit_cost
-- - status: Status: in-stock, low, out, negative (more was sold than there was), or not-counted
-- - days_of_cover: Units on hand divided by the mean daily sales of the recent 56 days
-- - stock_cost, sum: Units on hand at unit_cost, in the reporting currency by its last rate; NULL without a cost or a rate
CREATE OR REPLACE VIEW stock AS
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
  SELECT product_id, region, currency, amount FROM catalogue_costs WHERE next_day = DATE '9999-12-31'
),
products AS (
  SELECT product_id, category, supplier, pack_size, minimum_stock FROM catalogue_products WHERE valid_to IS NULL
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
    COALESCE(
      products.minimum_stock,
      SAFE_DIVIDE(
        CAST(stock.recent_units * COALESCE(suppliers.lead_time_days, 7) AS NUMERIC), CAST(56 AS NUMERIC)
      )
    ) AS low_below,
    COALESCE(costs.amount, common_costs.amount) AS unit_cost,
    IF(costs.amount IS NULL, common_costs.currency, costs.currency) AS cost_currency
  FROM stock_levels AS stock
  LEFT JOIN products ON products.product_id = stock.product
  LEFT JOIN catalogue_suppliers AS suppliers ON suppliers.supplier = products.supplier
  LEFT JOIN names AS product_names ON product_names.kind = 'product' AND product_names.code = stock.product
  LEFT JOIN names AS stores
    ON stores.kind = 'store' AND stores.region = stock.region AND stores.code = stock.store_id
  LEFT JOIN costs ON costs.product_id = stock.product AND costs.region = stock.region
  LEFT JOIN costs AS common_costs ON common_costs.product_id = stock.product AND common_costs.region = '*'
  WHERE stock.moved IS NOT NULL
),
valued AS (
  SELECT
    levels.*,
    CAST(CAST(GREATEST(on_hand, 0) AS BIGNUMERIC) * CAST(unit_cost AS BIGNUMERIC) AS NUMERIC) AS own_cost,
    IF(levels.cost_currency = reporting_currency.currency, 1, latest_rates.factor) AS factor
  FROM levels
  CROSS JOIN reporting_currency
  LEFT JOIN latest_rates ON latest_rates.currency = levels.cost_currency
),
final AS (
  SELECT
    valued.* EXCEPT (own_cost, factor),
    CASE
      WHEN on_hand IS NULL THEN 'not-counted'
      WHEN on_hand < 0 THEN 'negative'
      WHEN on_hand = 0 THEN 'out'
      WHEN on_hand <= low_below THEN 'low'
      ELSE 'in-stock'
    END AS status,
    IF(
      on_hand >= 0 AND recent_units > 0,
      SAFE_DIVIDE(CAST(on_hand * 56 AS NUMERIC), CAST(recent_units AS NUMERIC)),
      NULL
    ) AS days_of_cover,
    CAST(CAST(own_cost AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC) AS NUMERIC) AS stock_cost
  FROM valued
)
SELECT * FROM final
