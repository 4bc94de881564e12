-- line_facts with each line's amount in the reporting currency: the source of every total.
-- reporting_amount and revenue are exact products of amount and rate: sum first, round once, so that the same money
-- has one total however it is grouped. Without a rate they are NULL and is_unconverted is true.
-- The reporting currency's own rate is 1 and needs no row. revenue is NULL on cancelled lines.
-- - factor: Units of the reporting currency for one of the line's; NULL where there is no rate
-- - reporting_amount: Net amount in the reporting currency, whatever the status
-- - revenue: Net amount in the reporting currency; NULL on cancelled lines and where there is no rate
-- - is_unconverted: Whether revenue misses the line for want of a rate
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
