-- The currencies and countries in which each store of a region has lines that count.
-- @region STRING: region of the contract
-- @stale ARRAY<DATE>: days that the daily totals do not include
WITH
sold AS (
  SELECT store_id, currency, country, lines
  FROM day_sums
  WHERE region = @region AND sale_date NOT IN UNNEST(@stale)
  UNION ALL
  SELECT store_id, currency, country, 1 AS lines
  FROM current_lines
  WHERE region = @region AND sale_date IN UNNEST(@stale)
)
SELECT store_id, currency, country
FROM sold
GROUP BY store_id, currency, country
HAVING SUM(lines) > 0
