-- The net changes of one settlement, read from the days that it changed.
-- @settlement_no INT64: the settlement
-- @days ARRAY<DATE>: its days in settlement_days
SELECT * FROM settled_lines
WHERE settlement_no = @settlement_no AND sale_date IN UNNEST(@days)
