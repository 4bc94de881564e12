-- The days that settlements changed.
-- @after INT64: only settlements after this one
-- @last INT64: only settlements up to this one
SELECT DISTINCT sale_date
FROM settlement_days
WHERE settlement_no > @after AND settlement_no <= @last
ORDER BY sale_date
