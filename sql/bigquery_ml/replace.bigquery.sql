-- Replaces the latest forecasts by those of tillstream_ml.outlook that are made from sales until the same day. It
-- changes the rows of nodes that have both forecasts for all days; it adds and deletes none. Days on which a node is
-- closed stay 0, and the recent level stays. Ranges of weeks and of sums keep their width.
MERGE forecasts
USING (
  WITH
  outlook AS (
    SELECT
      target,
      level,
      region,
      store_id,
      category,
      cutoff_date,
      DATE(forecast_timestamp) AS day,
      CAST(ROUND(GREATEST(forecast_value, 0), 4) AS NUMERIC) AS mean,
      CAST(ROUND(GREATEST(prediction_interval_lower_bound, 0), 4) AS NUMERIC) AS low,
      CAST(ROUND(GREATEST(prediction_interval_upper_bound, 0), 4) AS NUMERIC) AS high
    FROM tillstream_ml.outlook
  ),
  latest AS (
    SELECT
      target,
      level,
      COALESCE(region, '*') AS region,
      COALESCE(store_id, '*') AS store_id,
      COALESCE(category, '*') AS category,
      cutoff_date,
      period,
      first_day,
      last_day,
      mean,
      low,
      median,
      high,
      level_part
    FROM forecasts
    WHERE level <> 'product' AND cutoff_date = (SELECT MAX(cutoff_date) FROM forecasts)
  ),
  days AS (
    SELECT
      latest.target,
      latest.level,
      latest.region,
      latest.store_id,
      latest.category,
      latest.cutoff_date,
      latest.first_day,
      latest.level_part,
      IF(latest.high = 0, 0, outlook.mean) AS mean,
      IF(latest.high = 0, 0, outlook.low) AS low,
      IF(latest.high = 0, 0, outlook.high) AS high
    FROM latest
    LEFT JOIN outlook
      ON outlook.target = latest.target
      AND outlook.level = latest.level
      AND outlook.region = latest.region
      AND outlook.store_id = latest.store_id
      AND outlook.category = latest.category
      AND outlook.cutoff_date = latest.cutoff_date
      AND outlook.day = latest.first_day
    WHERE latest.period = 'day'
    QUALIFY LOGICAL_AND(outlook.day IS NOT NULL) OVER (
      PARTITION BY latest.target, latest.level, latest.region, latest.store_id, latest.category
    )
  ),
  explained AS (
    SELECT
      *,
      CAST(
        ROUND(
          AVG(mean) OVER (
            PARTITION BY
              target,
              level,
              region,
              store_id,
              category,
              DIV(DATE_DIFF(first_day, cutoff_date, DAY) - 1, 7)
          ),
          4
        ) AS NUMERIC
      ) AS week_mean
    FROM days
  ),
  periods AS (
    SELECT
      latest.target,
      latest.level,
      latest.region,
      latest.store_id,
      latest.category,
      latest.cutoff_date,
      latest.period,
      latest.last_day,
      latest.mean AS former_mean,
      latest.low,
      latest.median,
      latest.high,
      SUM(explained.mean) AS mean,
      IF(latest.period = 'day', MAX(explained.low), NULL) AS day_low,
      IF(latest.period = 'day', MAX(explained.high), NULL) AS day_high,
      IF(latest.period = 'day', MAX(explained.week_mean - explained.level_part), NULL) AS trend_part,
      IF(latest.period = 'day', MAX(explained.mean - explained.week_mean), NULL) AS weekday_part
    FROM latest
    INNER JOIN explained
      ON explained.target = latest.target
      AND explained.level = latest.level
      AND explained.region = latest.region
      AND explained.store_id = latest.store_id
      AND explained.category = latest.category
      AND explained.first_day >= latest.first_day
      AND explained.first_day <= latest.last_day
    GROUP BY
      latest.target,
      latest.level,
      latest.region,
      latest.store_id,
      latest.category,
      latest.cutoff_date,
      latest.period,
      latest.first_day,
      latest.last_day,
      latest.mean,
      latest.low,
      latest.median,
      latest.high
    HAVING COUNT(*) = DATE_DIFF(latest.last_day, latest.first_day, DAY) + 1
  )
  SELECT
    target,
    level,
    region,
    store_id,
    category,
    cutoff_date,
    period,
    last_day,
    mean,
    COALESCE(day_low, GREATEST(mean + low - former_mean, 0)) AS low,
    IF(period = 'day', mean, GREATEST(mean + median - former_mean, 0)) AS median,
    COALESCE(day_high, GREATEST(mean + high - former_mean, 0)) AS high,
    trend_part,
    weekday_part,
    IF(period = 'day', CAST(0 AS NUMERIC), NULL) AS other_part
  FROM periods
) AS replaced
ON forecasts.target = replaced.target
  AND forecasts.level = replaced.level
  AND COALESCE(forecasts.region, '*') = replaced.region
  AND COALESCE(forecasts.store_id, '*') = replaced.store_id
  AND COALESCE(forecasts.category, '*') = replaced.category
  AND forecasts.cutoff_date = replaced.cutoff_date
  AND forecasts.period = replaced.period
  AND forecasts.last_day = replaced.last_day
WHEN MATCHED THEN UPDATE SET
  mean = replaced.mean,
  low = replaced.low,
  median = replaced.median,
  high = replaced.high,
  trend_part = replaced.trend_part,
  weekday_part = replaced.weekday_part,
  holiday_part = replaced.other_part,
  plan_part = replaced.other_part,
  method = 'BigQuery ML ARIMA_PLUS',
  created_at = CURRENT_TIMESTAMP()
