-- The public holidays from @first to @last.
SELECT
  country,
  holiday_date,
  name
FROM holidays
WHERE holiday_date >= @first AND holiday_date <= @last
