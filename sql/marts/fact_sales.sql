-- One row per current sale line, with the keys of its dimensions. People are surrogates: see dim_customer and
-- dim_salesperson. revenue, cost and covered_revenue are exact in the reporting currency: add them up first and round
-- once. Count orders as distinct order_id of lines with counts_as_order. Margin: covered_revenue − cost.
-- - sale_date: Business day of the line; the key of dim_date
-- - order_id: Region and number of the sale
-- - currency_key: ISO 4217 code of the currency of the line
-- - cost, sum: Quantity × unit cost in the reporting currency; NULL for cancelled lines, and without a cost or a rate
-- - covered_revenue, sum: Revenue if the cost is known, otherwise NULL
-- - is_return: TRUE for a line of a return, whose amounts are negative
CREATE OR REPLACE VIEW fact_sales AS
WITH
lines AS (
  SELECT * FROM line_costs
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
    IF(lines.currency = reporting_currency.currency, 1, rates.factor) AS factor,
    CASE
      WHEN lines.listed_currency IS NULL AND lines.currency = reporting_currency.currency THEN 1
      WHEN lines.listed_currency IS NULL THEN rates.factor
      WHEN lines.listed_currency = reporting_currency.currency THEN 1
      ELSE cost_rates.factor
    END AS cost_factor
  FROM lines
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.sale_date = lines.sale_date AND rates.currency = lines.currency
  LEFT JOIN rates AS cost_rates
    ON cost_rates.sale_date = lines.sale_date AND cost_rates.currency = lines.listed_currency
),
converted AS (
  SELECT
    rated.*,
    IF(is_active, CAST(net_amount AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC), NULL) AS revenue,
    IF(
      is_active AND factor IS NOT NULL,
      CAST(line_cost AS BIGNUMERIC) * CAST(cost_factor AS BIGNUMERIC),
      NULL
    ) AS cost
  FROM rated
),
secret AS (
  SELECT MAX(secret) AS secret FROM surrogate_secret
),
product_days AS (
  SELECT
    product_id,
    CONCAT(product_id, '@', COALESCE(FORMAT_DATE('%Y-%m-%d', valid_from), '')) AS product_key,
    IF(
      ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY COALESCE(valid_from, DATE '0001-01-01')) = 1,
      DATE '0001-01-01',
      valid_from
    ) AS first_day,
    COALESCE(
      LEAD(valid_from) OVER (PARTITION BY product_id ORDER BY COALESCE(valid_from, DATE '0001-01-01')), DATE '9999-12-31'
    ) AS next_day
  FROM catalogue_products
),
stores AS (
  SELECT * FROM store_versions
),
final AS (
  SELECT
    lines.sale_date,
    CONCAT(lines.region, '|', lines.sale_id) AS order_id,
    lines.line_key,
    lines.region,
    COALESCE(
      stores.store_key,
      IF(lines.store_id IS NULL, CONCAT(lines.region, '|'), CONCAT(lines.region, '|', lines.store_id, '@'))
    ) AS store_key,
    COALESCE(
      product_days.product_key, IF(lines.product IS NULL, '', CONCAT(lines.product, '@'))
    ) AS product_key,
    IF(
      lines.customer IS NULL, '', TO_HEX(SHA256(CONCAT(secret.secret, '|customer|', lines.customer)))
    ) AS customer_key,
    IF(
      lines.salesperson_id IS NULL,
      CONCAT(lines.region, '|'),
      TO_HEX(SHA256(CONCAT(secret.secret, '|salesperson|', lines.region, '|', lines.salesperson_id)))
    ) AS salesperson_key,
    COALESCE(lines.channel, '') AS channel_key,
    lines.currency AS currency_key,
    lines.country,
    lines.status,
    lines.is_active,
    lines.counts_as_order,
    lines.status = 'returned' AS is_return,
    lines.quantity,
    lines.unit_price,
    lines.discount,
    lines.tax,
    lines.net_amount,
    lines.gross_amount,
    lines.units,
    lines.revenue,
    lines.cost,
    IF(lines.cost IS NULL, NULL, lines.revenue) AS covered_revenue,
    lines.is_active AND lines.factor IS NULL AS is_unconverted
  FROM converted AS lines
  CROSS JOIN secret
  LEFT JOIN product_days
    ON product_days.product_id = lines.product
    AND product_days.first_day <= lines.sale_date
    AND product_days.next_day > lines.sale_date
  LEFT JOIN stores
    ON stores.region = lines.region
    AND stores.store_id = lines.store_id
    AND stores.first_day <= lines.sale_date
    AND stores.next_day > lines.sale_date
)
SELECT * FROM final
