-- Units sold on the days from @first to @last by store, category and product. Returns are left out: they are no demand.
-- What a customer bought and returned on the same day was not sold.
-- @first DATE: first day
-- @last DATE: last day
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
