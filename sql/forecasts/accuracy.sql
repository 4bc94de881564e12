-- Accuracy of the forecasts by target, level and window of the backtest; known_until is NULL for all windows together.
SELECT
  target,
  level,
  known_until,
  measure,
  value,
  points
FROM forecast_accuracy
WHERE points IS NOT NULL
ORDER BY target, level, known_until, measure
