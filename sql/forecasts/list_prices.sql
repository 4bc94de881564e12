-- List prices of the catalogue that are valid on a day from @first to @last; those of all regions first, then by the
-- first day.
-- @first DATE: first day
-- @last DATE: last day
SELECT
  product_id,
  region,
  currency,
  amount,
  first_day,
  next_day
FROM catalogue_prices
WHERE first_day < next_day AND first_day <= @last AND next_day > @first AND amount > 0
ORDER BY region <> '*', first_day, product_id, region, currency
