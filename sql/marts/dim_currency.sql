-- Currencies of the sales, and the reporting currency.
-- - currency_key: ISO 4217 code of the currency
-- - is_reporting: TRUE for the reporting currency
CREATE OR REPLACE VIEW dim_currency AS
WITH
currencies AS (
  SELECT currency FROM line_facts
  UNION DISTINCT
  SELECT currency FROM reporting
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
final AS (
  SELECT
    currencies.currency AS currency_key,
    currencies.currency IS NOT DISTINCT FROM reporting_currency.currency AS is_reporting
  FROM currencies
  CROSS JOIN reporting_currency
)
SELECT * FROM final
