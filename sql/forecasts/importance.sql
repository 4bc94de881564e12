-- How much the error of the model grows if one kind of input is permuted, as a share of the error.
SELECT
  target,
  detail AS feature,
  value AS growth
FROM forecast_accuracy
WHERE measure = 'importance'
ORDER BY target, value DESC, detail
