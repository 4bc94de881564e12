-- The totals of one region by currency, without cancelled lines: shown before and after a change of its sale IDs.
-- @region STRING: the region
SELECT
  currency,
  COUNT(DISTINCT sale_id) AS sale_count,
  COUNT(*) AS line_count,
  SUM(net_amount) AS net
FROM current_lines
WHERE region = @region AND status <> 'cancelled'
GROUP BY currency
ORDER BY currency
