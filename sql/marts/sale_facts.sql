-- One row per line that counts now, with its amount in the reporting currency; what every number is made from.
-- reporting_amount and revenue are exact products of amount and rate: sum first, round once, so that the same money
-- has one total however it is grouped. Without a rate they are NULL and is_unconverted says so.
-- revenue and units are NULL on cancelled lines; customer is the id, else the name.
CREATE OR REPLACE VIEW sale_facts AS
WITH
lines AS (
  SELECT * FROM current_lines
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
    lines.status <> 'cancelled' AS is_active,
    lines.status NOT IN ('cancelled', 'returned') AS counts_as_order,
    COALESCE(lines.customer_id, lines.customer_name) AS customer,
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
    IF(is_active, quantity, NULL) AS units,
    is_active AND factor IS NULL AS is_unconverted
  FROM converted
)
SELECT * FROM final
