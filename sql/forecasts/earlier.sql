-- Forecasts of earlier runs for the days soon after them, which are kept to compare them with what came.
SELECT *
FROM forecasts
WHERE known_until < @known_until
  AND known_until >= @first
  AND DATE_DIFF(first_day, known_until, DAY) <= @ahead
  AND period = @period
  AND level <> 'product'
