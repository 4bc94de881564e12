-- Forecasts of earlier runs for the days soon after them, which are kept to compare them with what came.
SELECT *
FROM forecasts
WHERE cutoff_date < @cutoff_date
  AND cutoff_date >= @first
  AND DATE_DIFF(first_day, cutoff_date, DAY) <= @ahead
  AND period = @period
  AND level <> 'product'
