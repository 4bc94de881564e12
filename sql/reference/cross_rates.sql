-- One row per day and pair of currencies with a rate, for amounts in another currency than the reporting one. A rate is
-- valid until the next one of its currency, and the last one stays valid, as in reporting_rates, with which the factors
-- into the reporting currency agree. Filter it by to_currency: whole, it has millions of rows.
-- - to_currency: ISO 4217 code of the currency into which amounts are converted
-- - factor: Units of to_currency for one unit of the currency, rounded half away from zero to nine decimal places
CREATE OR REPLACE VIEW cross_rates AS
WITH
rates AS (
  SELECT
    currency,
    per_euro,
    rate_date,
    LEAD(rate_date) OVER (PARTITION BY currency ORDER BY rate_date) AS next_date
  FROM fx_rates
  UNION ALL
  SELECT
    'EUR' AS currency,
    1 AS per_euro,
    MIN(rate_date) AS rate_date,
    NULL AS next_date
  FROM fx_rates
),
filled AS (
  SELECT MAX(sale_date) AS last_day FROM reporting_rates
),
spans AS (
  SELECT
    rates.currency,
    rates.per_euro,
    rates.rate_date AS first_day,
    COALESCE(DATE_SUB(rates.next_date, INTERVAL 1 DAY), filled.last_day) AS last_day
  FROM rates
  CROSS JOIN filled
),
days AS (
  SELECT
    sale_date,
    currency,
    per_euro
  FROM spans
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(first_day, last_day)) AS sale_date
),
final AS (
  SELECT
    days.sale_date,
    days.currency,
    target.currency AS to_currency,
    SAFE_DIVIDE(CAST(target.per_euro AS NUMERIC), CAST(days.per_euro AS NUMERIC)) AS factor
  FROM days
  INNER JOIN days AS target ON target.sale_date = days.sale_date
)
SELECT * FROM final
