-- The days whose daily totals lack split_orders, because a version that does not compute them wrote some of their rows.
-- The tables of totals are written together, so one of them contains all such days.
SELECT DISTINCT sale_date
FROM day_sums
WHERE split_orders IS NULL
ORDER BY sale_date
