-- The public holidays from @first to @last.
-- @first DATE: first day
-- @last DATE: last day
SELECT
  country,
  holiday_date,
  name
FROM holidays
WHERE holiday_date >= @first AND holiday_date <= @last
