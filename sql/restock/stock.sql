-- Stock of counted products in stores, for restocking. unit_cost is in the reporting currency; NULL without a cost or a rate.
SELECT
  region,
  store_id,
  product,
  category,
  on_hand,
  in_transit,
  reporting_cost AS unit_cost
FROM stock_facts
WHERE on_hand IS NOT NULL
