-- Units sold on the days from @first to @last by store, category and product. Returns are left out: they are no demand.
-- What a customer bought and returned on the same day was not sold.
-- @first DATE: first day
-- @last DATE: last day
-- @products ARRAY<STRING>: the products of @lines
-- @lines ARRAY<STRING>: region, store and product of products in stores, as region|store|product
-- @every_line BOOL: whether all products in stores are read; @lines is not used then
-- @stores ARRAY<STRING>: stores; the empty text is that of sales without one
-- @every_store BOOL: whether all stores are read; @stores is not used then
WITH
by_customer AS (
  SELECT
    region,
    store_id,
    category,
    product,
    sale_date,
    SUM(units) AS units
  FROM line_facts
  WHERE sale_date >= @first
    AND sale_date <= @last
    AND status <> 'cancelled'
    AND product IS NOT NULL
    AND (customer IS NOT NULL OR status <> 'returned')
    AND (@every_store OR COALESCE(store_id, '') IN UNNEST(@stores))
    AND (
      @every_line
      OR (product IN UNNEST(@products) AND CONCAT(region, '|', COALESCE(store_id, ''), '|', product) IN UNNEST(@lines))
    )
  GROUP BY region, store_id, category, product, customer, sale_date
)
SELECT
  region,
  store_id,
  category,
  product,
  sale_date,
  SUM(units) AS units
FROM by_customer
WHERE units > 0
GROUP BY region, store_id, category, product, sale_date
