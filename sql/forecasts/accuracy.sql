-- Accuracy of the forecasts by target, level and window of the backtest; cutoff_date is NULL for all windows together.
SELECT
  target,
  level,
  cutoff_date,
  measure,
  value,
  points
FROM forecast_accuracy
WHERE points IS NOT NULL
ORDER BY target, level, cutoff_date, measure
