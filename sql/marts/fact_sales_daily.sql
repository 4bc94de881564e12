-- Totals by day, store, salesperson, channel, country, category, status and currency, with the keys of the dimensions:
-- few rows, in partitions of a day. A group may have several rows, which add up. They include the settlements up to the
-- number in the table summed. Orders and customers do not add up by day and dimension: count them in fact_sales.
-- Margin: covered_revenue − cost; discount rate: discount_value ÷ (revenue +
-- discount_value).
-- - sale_date: Business day of the lines; the key of dim_date
-- - currency_key: ISO 4217 code of the currency of the lines
-- - is_active: TRUE if the lines are not cancelled
-- - lines, sum: Number of lines
-- - units, sum: Number of units; NULL for cancelled lines
-- - net_amount, sum: Net amount in the currency of the lines
-- - revenue, sum: Net amount in the reporting currency; NULL for cancelled lines and without a rate
-- - discount_value, sum: Discount in the reporting currency; NULL for cancelled lines and without a rate
-- - cost, sum: Cost in the reporting currency; NULL for cancelled lines, and without a cost or a rate
-- - covered_revenue, sum: Revenue of the lines whose cost is known
-- - unconverted_lines, sum: Number of lines that revenue leaves out because there is no rate
CREATE OR REPLACE VIEW fact_sales_daily AS
WITH
sums AS (
  SELECT * FROM day_sums
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT * FROM reporting_rates
),
stores AS (
  SELECT * FROM store_versions
),
secret AS (
  SELECT MAX(secret) AS secret FROM surrogate_secret
),
rated AS (
  SELECT
    sums.*,
    sums.status <> 'cancelled' AS is_active,
    COALESCE(
      stores.store_key,
      IF(sums.store_id IS NULL, CONCAT(sums.region, '|'), CONCAT(sums.region, '|', sums.store_id, '@'))
    ) AS store_key,
    IF(
      sums.salesperson_id IS NULL,
      CONCAT(sums.region, '|'),
      TO_HEX(SHA256(CONCAT(secret.secret, '|salesperson|', sums.region, '|', sums.salesperson_id)))
    ) AS salesperson_key,
    IF(sums.currency = reporting_currency.currency, 1, rates.factor) AS factor,
    CASE
      WHEN sums.cost_currency IS NULL AND sums.currency = reporting_currency.currency THEN 1
      WHEN sums.cost_currency IS NULL THEN rates.factor
      WHEN sums.cost_currency = reporting_currency.currency THEN 1
      ELSE cost_rates.factor
    END AS cost_factor
  FROM sums
  CROSS JOIN reporting_currency
  CROSS JOIN secret
  LEFT JOIN rates ON rates.sale_date = sums.sale_date AND rates.currency = sums.currency
  LEFT JOIN rates AS cost_rates ON cost_rates.sale_date = sums.sale_date AND cost_rates.currency = sums.cost_currency
  LEFT JOIN stores
    ON stores.region = sums.region
    AND stores.store_id = sums.store_id
    AND stores.first_day <= sums.sale_date
    AND stores.next_day > sums.sale_date
),
final AS (
  SELECT
    sale_date,
    region,
    store_key,
    salesperson_key,
    COALESCE(channel, '') AS channel_key,
    currency AS currency_key,
    country,
    category,
    status,
    is_active,
    lines,
    IF(is_active, quantity, NULL) AS units,
    net AS net_amount,
    IF(is_active, CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC), NULL) AS revenue,
    IF(is_active, CAST(discount AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC), NULL) AS discount_value,
    IF(
      is_active AND factor IS NOT NULL,
      CAST(cost AS BIGNUMERIC) * CAST(cost_factor AS BIGNUMERIC),
      NULL
    ) AS cost,
    IF(
      is_active AND cost_factor IS NOT NULL,
      CAST(costed_net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC),
      NULL
    ) AS covered_revenue,
    IF(is_active AND factor IS NULL, lines, 0) AS unconverted_lines
  FROM rated
)
SELECT * FROM final
