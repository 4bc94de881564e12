-- Stock by store and product, with names, status, days of cover, and value at cost. A product has a row in a store if it
-- was counted or moved there, or sold in the recent days.
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
facts AS (
  SELECT * FROM stock_facts
),
final AS (
  SELECT
    region,
    store_id,
    store_name,
    product,
    product_name,
    category,
    supplier,
    pack_size,
    counted_on,
    counted_at,
    counted,
    moved,
    sold,
    on_hand,
    in_transit,
    recent_units,
    COALESCE(
      minimum_stock,
      SAFE_DIVIDE(CAST(recent_units * lead_time_days AS NUMERIC), CAST(56 AS NUMERIC))
    ) AS low_below,
    unit_cost,
    cost_currency,
    status,
    IF(
      on_hand >= 0 AND recent_units > 0,
      SAFE_DIVIDE(CAST(on_hand * 56 AS NUMERIC), CAST(recent_units AS NUMERIC)),
      NULL
    ) AS days_of_cover,
    CAST(
      CAST(CAST(CAST(GREATEST(on_hand, 0) AS BIGNUMERIC) * CAST(unit_cost AS BIGNUMERIC) AS NUMERIC) AS BIGNUMERIC)
      * CAST(factor AS BIGNUMERIC) AS NUMERIC
    ) AS stock_cost
  FROM facts
)
SELECT * FROM final
