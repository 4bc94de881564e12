-- line_facts with amounts in the reporting currency: the source of every total.
-- reporting_amount and revenue are exact products of amount and rate: add them up first and round once, so that every
-- grouping has the same total. Without a rate they are NULL and is_unconverted is TRUE.
-- The reporting currency itself has the rate 1, without a row. revenue is NULL for cancelled lines.
-- - factor: Units of the reporting currency for one unit of the currency of the line; NULL without a rate
-- - reporting_amount: Net amount in the reporting currency, whatever the status; NULL without a rate
-- - revenue: Net amount in the reporting currency; NULL for cancelled lines and without a rate
-- - is_unconverted: TRUE if revenue leaves out the line because there is no rate
CREATE OR REPLACE VIEW sale_facts AS
WITH
lines AS (
  SELECT * FROM line_facts
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT * FROM reporting_rates
),
rated AS (
  SELECT
    lines.*,
    IF(lines.currency = reporting_currency.currency, 1, rates.factor) AS factor
  FROM lines
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.sale_date = lines.sale_date AND rates.currency = lines.currency
),
converted AS (
  SELECT
    rated.*,
    CAST(net_amount AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC) AS reporting_amount
  FROM rated
),
final AS (
  SELECT
    converted.*,
    IF(is_active, reporting_amount, NULL) AS revenue,
    is_active AND factor IS NULL AS is_unconverted
  FROM converted
)
SELECT * FROM final
