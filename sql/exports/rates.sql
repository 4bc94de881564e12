-- The exchange rates of each currency as three numbers. They differ if a rate is changed, or exchanged with that of another
-- currency or day.
SELECT
  currency,
  COUNT(*) AS days,
  CAST(SUM(factor) AS NUMERIC) AS factors,
  CAST(SUM(CAST(factor * DATE_DIFF(sale_date, DATE '2000-01-01', DAY) AS NUMERIC)) AS NUMERIC) AS factors_by_day
FROM reporting_rates
GROUP BY currency
ORDER BY currency
