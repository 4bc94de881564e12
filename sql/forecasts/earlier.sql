-- Forecasts of earlier runs for the days soon after them, which are kept to compare them with what came.
-- @cutoff_date DATE: last day of the sales of the new run
-- @first DATE: first cutoff date that is kept
-- @ahead INT64: days after the cutoff date up to which forecasts are kept
-- @period STRING: day, or week of weekly sales
SELECT *
FROM forecasts
WHERE cutoff_date < @cutoff_date
  AND cutoff_date >= @first
  AND DATE_DIFF(first_day, cutoff_date, DAY) <= @ahead
  AND period = @period
  AND level <> 'product'
