-- How much the error of the model grows if what it knows of one thing is permuted, as a share of the error.
SELECT
  target,
  detail AS feature,
  value AS growth
FROM forecast_accuracy
WHERE measure = 'importance'
ORDER BY target, value DESC, detail
