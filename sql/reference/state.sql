-- The number and sum of the exchange rates, and the currency and last day of the rates by day.
SELECT
  (SELECT COUNT(*) FROM fx_rates) AS rate_count,
  (SELECT COALESCE(SUM(per_euro), 0) FROM fx_rates) AS rate_sum,
  (SELECT MAX(currency) FROM reporting) AS reporting,
  (SELECT MAX(sale_date) FROM reporting_rates) AS last_date
