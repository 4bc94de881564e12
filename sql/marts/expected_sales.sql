-- Forecasts of revenue and units: the latest ones, and those of earlier runs for the days after them, to compare these
-- with what came. Choose one target, level and period: means add up over its rows, quantiles do not. Levels over all
-- regions include those in covered_regions, and are not of all sales if another region sells.
-- - target: Figure that is forecast: revenue, or units with returns left out
-- - level: What the forecast is of: total, region, store, category, store_category or product
-- - region: Region; NULL for levels over all regions
-- - store_id: Store; NULL for levels over all stores, empty for sales without one
-- - category: Category; NULL for levels over all categories, empty for sales without one
-- - product: Product; empty for all other products of the category; NULL for other levels
-- - currency: ISO 4217 code of revenue; NULL for units
-- - period: Length of the forecast: day, week, or sum of all days from the first
-- - first_day: First day of the period
-- - last_day: Last day of the period
-- - mean, sum: Expected value
-- - low: 10% quantile
-- - median: 50% quantile
-- - high: 90% quantile
-- - method: Method of the forecast: model, seasonal naive where it is not better, or another model's name
-- - cutoff_date: Last day of the sales that the forecast is made from
-- - is_latest: TRUE for forecasts of the latest run
-- - created_at: Time when the forecast was made, UTC
-- - covered_regions: Regions that a level over all regions includes; NULL for other levels
CREATE OR REPLACE VIEW expected_sales AS
WITH
newest AS (
  SELECT MAX(cutoff_date) AS cutoff_date FROM forecasts
),
covered AS (
  SELECT
    target,
    cutoff_date,
    STRING_AGG(region, ', ' ORDER BY region) AS regions
  FROM forecast_regions
  GROUP BY target, cutoff_date
),
final AS (
  SELECT
    forecasts.target,
    forecasts.level,
    forecasts.region,
    forecasts.store_id,
    forecasts.category,
    forecasts.product,
    forecasts.currency,
    forecasts.period,
    forecasts.first_day,
    forecasts.last_day,
    forecasts.mean,
    forecasts.low,
    forecasts.median,
    forecasts.high,
    forecasts.method,
    forecasts.cutoff_date,
    forecasts.cutoff_date = newest.cutoff_date AS is_latest,
    forecasts.created_at,
    covered.regions AS covered_regions
  FROM forecasts
  CROSS JOIN newest
  LEFT JOIN covered
    ON
      covered.target = forecasts.target
      AND covered.cutoff_date = forecasts.cutoff_date
      AND forecasts.region IS NULL
)
SELECT * FROM final
