-- The sales whose lines settlements changed, for the day closes that contain them.
-- @after INT64: only settlements after this one
-- @last INT64: only settlements up to this one
-- @days ARRAY<DATE>: the days that these settlements changed
-- @near ARRAY<DATE>: days whose added lines count too; changed and removed ones count on all days
-- @regions ARRAY<STRING>: regions of the sales
SELECT DISTINCT region, sale_id, store_id, sale_date
FROM settled_lines
WHERE settlement_no > @after
  AND settlement_no <= @last
  AND sale_date IN UNNEST(@days)
  AND (kind <> 'added' OR sale_date IN UNNEST(@near))
  AND region IN UNNEST(@regions)
ORDER BY region, sale_id, store_id, sale_date
