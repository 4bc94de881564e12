-- How good the forecasts of tillstream_ml.outlook were on the days that came since, by target and level, beside those
-- of the backtest from the sales until the same day. Train with @last_day at a cutoff date of the backtest first.
-- relative_mae is the absolute error ÷ that of last week's sales as a forecast, coverage the share of days in the
-- range.
WITH
came AS (
  SELECT
    outlook.*,
    history.value,
    naive.value AS naive
  FROM tillstream_ml.outlook AS outlook
  INNER JOIN tillstream_ml.history AS history
    ON history.target = outlook.target
    AND history.level = outlook.level
    AND history.region = outlook.region
    AND history.store_id = outlook.store_id
    AND history.category = outlook.category
    AND history.sale_date = DATE(outlook.forecast_timestamp)
  INNER JOIN tillstream_ml.history AS naive
    ON naive.target = outlook.target
    AND naive.level = outlook.level
    AND naive.region = outlook.region
    AND naive.store_id = outlook.store_id
    AND naive.category = outlook.category
    AND naive.sale_date = DATE_ADD(
      outlook.cutoff_date,
      INTERVAL MOD(DATE_DIFF(DATE(outlook.forecast_timestamp), outlook.cutoff_date, DAY) - 1, 7) - 6 DAY
    )
),
compared AS (
  SELECT
    target,
    level,
    cutoff_date,
    COUNT(*) AS points,
    SAFE_DIVIDE(SUM(ABS(forecast_value - value)), SUM(ABS(naive - value))) AS relative_mae,
    AVG(
      IF(value >= prediction_interval_lower_bound AND value <= prediction_interval_upper_bound, 1.0, 0.0)
    ) AS coverage
  FROM came
  GROUP BY target, level, cutoff_date
)
SELECT
  compared.target,
  compared.level,
  compared.cutoff_date,
  compared.points,
  compared.relative_mae,
  compared.coverage,
  CAST(errors.value AS FLOAT64) AS backtest_relative_mae,
  CAST(ranges.value AS FLOAT64) AS backtest_coverage
FROM compared
LEFT JOIN forecast_accuracy AS errors
  ON errors.target = compared.target
  AND errors.level = compared.level
  AND errors.cutoff_date = compared.cutoff_date
  AND errors.measure = 'relative_mae'
LEFT JOIN forecast_accuracy AS ranges
  ON ranges.target = compared.target
  AND ranges.level = compared.level
  AND ranges.cutoff_date = compared.cutoff_date
  AND ranges.measure = 'coverage'
ORDER BY target, level
