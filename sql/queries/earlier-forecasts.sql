-- Forecasts of a level that were made a number of days before their day, to compare them with what came. A run keeps
-- those of the next seven days.
-- needs: see forecasts
-- @target STRING = revenue of revenue|units: what was forecast
-- @level STRING = total of total|region|store|category|store_category: what each forecast is of
-- @ahead INT64 = 1: number of days from the last known day to the day of the forecast
-- @limit INT64 = 1000: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
WITH
final AS (
  SELECT
    region,
    store_id,
    category,
    currency,
    first_day,
    last_day,
    mean,
    low,
    median,
    high,
    method,
    cutoff_date
  FROM visible_forecasts
  WHERE
    target = @target
    AND level = @level
    AND level_part IS NOT NULL
    AND DATE_DIFF(last_day, cutoff_date, DAY) = @ahead
)
SELECT * FROM final
ORDER BY region, store_id, category, last_day
LIMIT @limit OFFSET @offset
