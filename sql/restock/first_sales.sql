-- The first day from @first to @last on which each of some products was sold in a store.
-- @first DATE: first day
-- @last DATE: last day
-- @products ARRAY<STRING>: products
SELECT
  region,
  store_id,
  product,
  MIN(sale_date) AS first_day
FROM line_facts
WHERE sale_date >= @first
  AND sale_date <= @last
  AND status NOT IN ('cancelled', 'returned')
  AND product IN UNNEST(@products)
GROUP BY region, store_id, product
