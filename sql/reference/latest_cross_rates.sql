-- The last exchange rate of each pair of currencies: those of cross_rates on its last day, without the days before it.
-- - to_currency: ISO 4217 code of the currency into which amounts are converted
-- - factor: Units of to_currency for one unit of the currency, rounded half away from zero to nine decimal places
CREATE OR REPLACE VIEW latest_cross_rates AS
WITH
filled AS (
  SELECT MAX(sale_date) AS last_day FROM reporting_rates
),
rates AS (
  SELECT fx_rates.currency, fx_rates.per_euro
  FROM fx_rates
  INNER JOIN filled ON filled.last_day >= fx_rates.rate_date
  WHERE TRUE  -- BigQuery requires a WHERE with QUALIFY
  QUALIFY ROW_NUMBER() OVER (PARTITION BY fx_rates.currency ORDER BY fx_rates.rate_date DESC) = 1
  UNION ALL
  SELECT 'EUR' AS currency, 1 AS per_euro
),
final AS (
  SELECT
    rates.currency,
    target.currency AS to_currency,
    SAFE_DIVIDE(CAST(target.per_euro AS NUMERIC), CAST(rates.per_euro AS NUMERIC)) AS factor
  FROM rates
  CROSS JOIN rates AS target
)
SELECT * FROM final
