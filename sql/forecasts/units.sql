-- Units sold on the days from @first to @last by store, category and product. Returns are left out: they are no demand.
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
  AND status NOT IN ('cancelled', 'returned')
  AND units > 0
  AND product IS NOT NULL
GROUP BY region, store_id, category, product, sale_date
