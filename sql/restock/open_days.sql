-- The days with sales from @first to @last.
-- @first DATE: first day
-- @last DATE: last day
-- @regions ARRAY<STRING>: regions
-- @store STRING: a store, or the empty text: all
SELECT DISTINCT sale_date
FROM day_sums
WHERE sale_date >= @first
  AND sale_date <= @last
  AND status NOT IN ('cancelled', 'returned')
  AND region IN UNNEST(@regions)
  AND (@store = '' OR store_id = @store)
ORDER BY sale_date
