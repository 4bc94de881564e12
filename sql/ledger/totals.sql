-- The totals of each region by currency, without cancelled lines: shown before and after an undo.
SELECT region, currency, COUNT(*) AS line_count, SUM(net_amount) AS net
FROM current_lines
WHERE status <> 'cancelled'
GROUP BY region, currency
ORDER BY region, currency
