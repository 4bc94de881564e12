-- The months of each region with lines that settlements changed; also those in which such a line was before.
-- @after INT64: only settlements after this one
-- @last INT64: only settlements up to this one
SELECT DISTINCT region, FORMAT_DATE('%Y-%m', sale_date) AS month
FROM sale_versions
WHERE key IN (SELECT key FROM listed_changes WHERE settlement_no > @after AND settlement_no <= @last)
ORDER BY region, month
