-- Sales and costs of some products on the days from @first to @last, to value units; by region and currency.
-- - units: Number of units sold
-- - net: Net amount in `currency`
-- - costed_units: Number of units on days on which all lines have a cost
-- - cost: Cost of these, in `cost_currency`
-- @first DATE: first day
-- @last DATE: last day
-- @products ARRAY<STRING>: products
SELECT
  region,
  product,
  currency,
  COALESCE(cost_currency, currency) AS cost_currency,
  SUM(quantity) AS units,
  SUM(net) AS net,
  SUM(IF(costed_lines = lines, quantity, NULL)) AS costed_units,
  SUM(IF(costed_lines = lines, cost, NULL)) AS cost
FROM product_totals
WHERE sale_date >= @first
  AND sale_date <= @last
  AND status NOT IN ('cancelled', 'returned')
  AND quantity > 0
  AND product IN UNNEST(@products)
GROUP BY region, product, currency, COALESCE(cost_currency, currency)
