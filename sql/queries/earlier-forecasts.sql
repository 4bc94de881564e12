-- Forecasts of a level that were made a number of days before their day, to compare them with what came. A run keeps
-- those of the next seven days. covered_regions and missing_regions are those of `forecasts`.
-- needs: see forecasts
-- @target STRING = revenue of revenue|units: what was forecast
-- @level STRING = total of total|region|store|category|store_category: what each forecast is of
-- @ahead INT64 = 1: number of days from the last known day to the day of the forecast
-- @limit INT64 = 1000: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: forecast_coverage, visible_forecasts
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
    visible_forecasts.cutoff_date,
    covered_regions,
    missing_regions
  FROM visible_forecasts
  LEFT JOIN forecast_coverage
    ON forecast_coverage.target = visible_forecasts.target
    AND forecast_coverage.cutoff_date = visible_forecasts.cutoff_date
    AND visible_forecasts.region IS NULL
  WHERE
    visible_forecasts.target = @target
    AND level = @level
    AND level_part IS NOT NULL
    AND DATE_DIFF(last_day, visible_forecasts.cutoff_date, DAY) = @ahead
)
SELECT * FROM final
ORDER BY region, store_id, category, last_day
LIMIT @limit OFFSET @offset
