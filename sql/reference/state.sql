-- Whether there are exchange rates, and the currency and last day of the rates by day.
SELECT
  (SELECT COUNT(*) FROM fx_rates) AS rate_count,
  (SELECT MAX(currency) FROM reporting) AS reporting,
  (SELECT MAX(sale_date) FROM reporting_rates) AS last_date
