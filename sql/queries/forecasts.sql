-- The latest forecasts of a level, by node and period. Means add up over levels and days; quantiles do not. Revenue is in
-- the currency of the region, that of levels over all regions in the reporting currency; units leave returns out.
-- covered_regions and missing_regions are the regions that a level over all regions includes and lacks: with one missing,
-- it is not the forecast of all sales.
-- needs: see forecasts
-- @target STRING = revenue of revenue|units: what is forecast
-- @level STRING = total of total|region|store|category|store_category|product: what each forecast is of
-- @period STRING = day of day|week|sum: days, weeks from Monday to Sunday, or all days from the first
-- @limit INT64 = 1000: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: forecast_coverage, forecasts, visible_forecasts
WITH
newest AS (
  SELECT MAX(cutoff_date) AS cutoff_date FROM forecasts
),
final AS (
  SELECT
    visible_forecasts.target,
    level,
    region,
    store_id,
    category,
    product,
    currency,
    period,
    first_day,
    last_day,
    mean,
    low,
    median,
    high,
    level_part,
    trend_part,
    weekday_part,
    holiday_part,
    plan_part,
    method,
    visible_forecasts.cutoff_date,
    created_at,
    covered_regions,
    missing_regions
  FROM visible_forecasts
  INNER JOIN newest ON newest.cutoff_date = visible_forecasts.cutoff_date
  LEFT JOIN forecast_coverage
    ON forecast_coverage.target = visible_forecasts.target
    AND forecast_coverage.cutoff_date = visible_forecasts.cutoff_date
    AND visible_forecasts.region IS NULL
  WHERE visible_forecasts.target = @target AND level = @level AND period = @period
)
SELECT * FROM final
ORDER BY region, store_id, category, product, last_day
LIMIT @limit OFFSET @offset
