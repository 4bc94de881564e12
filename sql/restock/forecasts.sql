-- The latest forecast of units of products in stores by day, over all categories of a product. Without a product: all
-- other products of a store and category.
-- - day: Number of the day, 1 for @first
-- @first DATE: first day
-- @days INT64: number of days
SELECT
  region,
  store_id,
  IF(product = '', category, NULL) AS category,
  product,
  DATE_DIFF(first_day, @first, DAY) + 1 AS day,
  SUM(mean) AS mean,
  MAX(scale) AS scale
FROM forecasts
WHERE target = 'units'
  AND level = 'product'
  AND period = 'day'
  AND level_part IS NOT NULL
  AND first_day >= @first
  AND DATE_DIFF(first_day, @first, DAY) < @days
GROUP BY region, store_id, IF(product = '', category, NULL), product, first_day
