-- The first and the last day with sales before @before, by region, and the number of lines.
-- @before DATE: the day after the last one that counts
SELECT
  region,
  MIN(sale_date) AS first_day,
  MAX(sale_date) AS last_day,
  CAST(SUM(lines) AS INT64) AS lines
FROM day_sums
WHERE sale_date < @before AND status <> 'cancelled'
GROUP BY region
