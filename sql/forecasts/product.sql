-- The latest forecast of units of a product in a store by day, over all its categories.
-- @region STRING: region
-- @store_id STRING: store
-- @product STRING: product
SELECT
  first_day,
  cutoff_date,
  SUM(mean) AS mean,
  MAX(scale) AS scale
FROM forecasts
WHERE target = 'units'
  AND level = 'product'
  AND level_part IS NOT NULL
  AND region = @region
  AND store_id = @store_id
  AND product = @product
GROUP BY first_day, cutoff_date
ORDER BY first_day
