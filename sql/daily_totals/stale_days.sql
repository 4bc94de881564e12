-- The days whose daily totals may be out of date: the days that settlements changed after the last one included in the
-- totals, and those that a change of the catalogue concerns.
-- @settlement_no INT64: last settlement included in the daily totals, with split_orders
SELECT sale_date
FROM settlement_days
WHERE settlement_no > @settlement_no
UNION DISTINCT
SELECT sale_date FROM catalogue_days
ORDER BY sale_date
