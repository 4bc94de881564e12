-- Whether there are exchange rates, and for which currency and until when they are spread over days.
SELECT
  (SELECT COUNT(*) FROM fx_rates) AS rate_count,
  (SELECT MAX(currency) FROM reporting) AS reporting,
  (SELECT MAX(sale_date) FROM reporting_rates) AS last_date
