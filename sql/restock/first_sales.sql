-- The first day from @first to @last on which each of some products was sold in a store.
-- @first DATE: first day
-- @last DATE: last day
-- @products ARRAY<STRING>: products
-- @lines ARRAY<STRING>: region, store and product of products in stores, as region|store|product
-- @every_line BOOL: whether all products in stores are read; @lines is not used then
-- @stores ARRAY<STRING>: stores; the empty text is that of sales without one
-- @every_store BOOL: whether all stores are read; @stores is not used then
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
  AND (@every_store OR COALESCE(store_id, '') IN UNNEST(@stores))
  AND (@every_line OR CONCAT(region, '|', COALESCE(store_id, ''), '|', product) IN UNNEST(@lines))
GROUP BY region, store_id, product
