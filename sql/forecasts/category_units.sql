-- As units, from the daily totals: all products of a category together, for ledgers whose lines are too many to read.
-- @first DATE: first day
-- @last DATE: last day
SELECT
  region,
  store_id,
  category,
  CAST(NULL AS STRING) AS product,
  sale_date,
  SUM(quantity) AS units
FROM day_sums
WHERE sale_date >= @first AND sale_date <= @last AND status NOT IN ('cancelled', 'returned') AND quantity > 0
GROUP BY region, store_id, category, sale_date
