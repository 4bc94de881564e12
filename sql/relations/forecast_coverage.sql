-- What the forecasts over several regions of each run cover: the regions with a forecast, and those that have none
-- although they sold in the 91 days before its last known day, or later: as long as a forecast reaches. An earlier run
-- lacks no region that began after that day.
-- reads: forecast_regions, forecasts, visible_stores
WITH
sold AS (
  SELECT
    region,
    MIN(first_day) AS first_day,
    MAX(last_day) AS last_day
  FROM visible_stores
  GROUP BY region
),
runs AS (
  SELECT
    target,
    cutoff_date,
    cutoff_date = MAX(cutoff_date) OVER (PARTITION BY target) AS is_newest
  FROM forecasts
  GROUP BY target, cutoff_date
),
regions AS (
  SELECT
    runs.target,
    runs.cutoff_date,
    sold.region,
    forecast_regions.region IS NOT NULL AS is_covered
  FROM runs
  INNER JOIN sold
    ON
      sold.last_day >= DATE_SUB(runs.cutoff_date, INTERVAL 91 DAY)
      AND (runs.is_newest OR sold.first_day <= runs.cutoff_date)
  LEFT JOIN forecast_regions
    ON
      forecast_regions.target = runs.target
      AND forecast_regions.cutoff_date = runs.cutoff_date
      AND forecast_regions.region = sold.region
)
SELECT
  target,
  cutoff_date,
  STRING_AGG(IF(is_covered, region, NULL), ', ' ORDER BY region) AS covered_regions,
  STRING_AGG(IF(is_covered, NULL, region), ', ' ORDER BY region) AS missing_regions
FROM regions
GROUP BY target, cutoff_date
