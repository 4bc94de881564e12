-- What the latest forecasts of a level are of, with the sums of their next days, greatest first. Weeks count that end
-- within these days. covered_regions and missing_regions are those of `forecasts`.
-- needs: see forecasts
-- @target STRING = revenue of revenue|units: what is forecast
-- @level STRING = total of total|region|store|category|store_category|product: what each forecast is of
-- @days INT64 = 28: number of days that are added up
-- @limit INT64 = 1000: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: forecast_coverage, forecasts, visible_forecasts
WITH
newest AS (
  SELECT MAX(cutoff_date) AS cutoff_date FROM forecasts
),
final AS (
  SELECT
    region,
    store_id,
    category,
    product,
    currency,
    method,
    MAX(last_day) AS last_day,
    CAST(SUM(mean) AS NUMERIC) AS mean,
    MAX(covered_regions) AS covered_regions,
    MAX(missing_regions) AS missing_regions
  FROM visible_forecasts
  INNER JOIN newest ON newest.cutoff_date = visible_forecasts.cutoff_date
  LEFT JOIN forecast_coverage
    ON forecast_coverage.target = visible_forecasts.target
    AND forecast_coverage.cutoff_date = visible_forecasts.cutoff_date
    AND visible_forecasts.region IS NULL
  WHERE
    visible_forecasts.target = @target
    AND level = @level
    AND level_part IS NOT NULL
    AND DATE_DIFF(last_day, visible_forecasts.cutoff_date, DAY) <= @days
  GROUP BY region, store_id, category, product, currency, method
)
SELECT * FROM final
ORDER BY mean DESC, region, store_id, category, product
LIMIT @limit OFFSET @offset
