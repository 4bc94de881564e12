-- Scaled errors of sums of days of products, by probability.
-- @days INT64: number of days of the sums
SELECT
  detail AS probability,
  value AS error
FROM forecast_accuracy
WHERE target = 'units' AND level = 'product' AND measure = 'sum_error' AND steps = @days AND value IS NOT NULL
