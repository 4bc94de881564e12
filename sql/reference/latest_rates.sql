-- The latest exchange rates into the reporting currency, of currencies of sales.
SELECT
  currency,
  factor
FROM reporting_rates
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY currency ORDER BY sale_date DESC) = 1
