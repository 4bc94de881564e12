-- One row per current sale line, with the keys of its dimensions. People are surrogates: see dim_customer and
-- dim_salesperson. revenue is exact in the reporting currency: add it up first and round once. Count orders as distinct
-- order_id of lines with counts_as_order.
-- - sale_date: Business day of the line; the key of dim_date
-- - order_id: Region and number of the sale
-- - currency_key: ISO 4217 code of the currency of the line
-- - is_return: TRUE for a line of a return, whose amounts are negative
CREATE OR REPLACE VIEW fact_sales AS
WITH
lines AS (
  SELECT * FROM sale_facts
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
store_days AS (
  SELECT
    region,
    store_id,
    CONCAT(region, '|', store_id, '@', COALESCE(FORMAT_DATE('%Y-%m-%d', valid_from), '')) AS store_key,
    IF(
      ROW_NUMBER() OVER (PARTITION BY region, store_id ORDER BY COALESCE(valid_from, DATE '0001-01-01')) = 1,
      DATE '0001-01-01',
      valid_from
    ) AS first_day,
    COALESCE(
      LEAD(valid_from) OVER (PARTITION BY region, store_id ORDER BY COALESCE(valid_from, DATE '0001-01-01')),
      DATE '9999-12-31'
    ) AS next_day
  FROM catalogue_stores
),
final AS (
  SELECT
    lines.sale_date,
    CONCAT(lines.region, '|', lines.sale_id) AS order_id,
    lines.line_key,
    lines.region,
    COALESCE(
      store_days.store_key,
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
    lines.reporting_amount,
    lines.is_unconverted
  FROM lines
  CROSS JOIN secret
  LEFT JOIN product_days
    ON product_days.product_id = lines.product
    AND product_days.first_day <= lines.sale_date
    AND product_days.next_day > lines.sale_date
  LEFT JOIN store_days
    ON store_days.region = lines.region
    AND store_days.store_id = lines.store_id
    AND store_days.first_day <= lines.sale_date
    AND store_days.next_day > lines.sale_date
)
SELECT * FROM final
