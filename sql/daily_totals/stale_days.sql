-- The days whose daily totals may be out of date: the days that settlements changed after the last one included in the
-- totals.
-- @settlement_no INT64: last settlement included in the daily totals
SELECT DISTINCT sale_date
FROM settlement_days
WHERE settlement_no > @settlement_no
ORDER BY sale_date
