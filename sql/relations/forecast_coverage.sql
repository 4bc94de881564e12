-- What the forecasts over several regions of each run cover: the regions with a forecast, and those that have none
-- although they sold in the 91 days before its last known day, or later: as long as a forecast reaches. An earlier run
-- lacks no region that began after that day. Of revenue, a region without an exchange rate has none.
WITH
totals AS (
  SELECT MAX(currency) AS currency FROM forecasts WHERE level = 'total'
),
covered AS (
  SELECT
    forecasts.target,
    forecasts.cutoff_date,
    forecasts.region
  FROM forecasts
  CROSS JOIN totals
  LEFT JOIN latest_rates ON latest_rates.currency = forecasts.currency
  WHERE
    forecasts.level = 'region'
    AND (forecasts.target = 'units' OR latest_rates.currency IS NOT NULL OR forecasts.currency = totals.currency)
  GROUP BY forecasts.target, forecasts.cutoff_date, forecasts.region
),
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
    covered.region IS NOT NULL AS is_covered
  FROM runs
  INNER JOIN sold
    ON
      sold.last_day >= DATE_SUB(runs.cutoff_date, INTERVAL 91 DAY)
      AND (runs.is_newest OR sold.first_day <= runs.cutoff_date)
  LEFT JOIN covered
    ON covered.target = runs.target AND covered.cutoff_date = runs.cutoff_date AND covered.region = sold.region
)
SELECT
  target,
  cutoff_date,
  STRING_AGG(IF(is_covered, region, NULL), ', ' ORDER BY region) AS covered_regions,
  STRING_AGG(IF(is_covered, NULL, region), ', ' ORDER BY region) AS missing_regions
FROM regions
GROUP BY target, cutoff_date
