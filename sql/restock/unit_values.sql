-- Sales and costs of products in stores on the days from @first to @last, to value units; by currency.
-- - units: Number of units sold
-- - net: Net amount in `currency`
-- - costed_units: Number of units with a cost
-- - cost: Cost of these, in `cost_currency`
-- @first DATE: first day
-- @last DATE: last day
-- @products ARRAY<STRING>: the products of @lines
-- @lines ARRAY<STRING>: region, store and product of products in stores, as region|store|product
-- @every_line BOOL: whether all products in stores are read; @lines is not used then
SELECT
  region,
  store_id,
  product,
  currency,
  COALESCE(cost_currency, currency) AS cost_currency,
  SUM(quantity) AS units,
  SUM(net) AS net,
  SUM(IF(cost IS NULL, NULL, quantity)) AS costed_units,
  SUM(cost) AS cost
FROM line_sums
WHERE sale_date >= @first
  AND sale_date <= @last
  AND status NOT IN ('cancelled', 'returned')
  AND quantity > 0
  AND product IS NOT NULL
  AND (
    @every_line
    OR (product IN UNNEST(@products) AND CONCAT(region, '|', COALESCE(store_id, ''), '|', product) IN UNNEST(@lines))
  )
GROUP BY region, store_id, product, currency, COALESCE(cost_currency, currency)
