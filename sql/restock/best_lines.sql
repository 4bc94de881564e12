-- Products in stores with the most units sold on some days, without returns.
-- @first DATE: first day
-- @last DATE: last day
-- @regions ARRAY<STRING>: regions
-- @store STRING: a store, or the empty text: all
-- @top INT64: number of rows
SELECT
  region,
  store_id,
  product,
  SUM(line_facts.units) AS units
FROM line_facts
WHERE sale_date >= @first
  AND sale_date <= @last
  AND status NOT IN ('cancelled', 'returned')
  AND product IS NOT NULL
  AND region IN UNNEST(@regions)
  AND (@store = '' OR store_id = @store)
GROUP BY region, store_id, product
HAVING SUM(line_facts.units) > 0
ORDER BY units DESC, region, store_id, product
LIMIT @top
