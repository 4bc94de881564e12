-- Scaled errors of sums of days of products, by number of days and probability.
SELECT
  steps AS days,
  detail AS probability,
  value AS error
FROM forecast_accuracy
WHERE target = 'units' AND level = 'product' AND measure = 'sum_error' AND value IS NOT NULL
