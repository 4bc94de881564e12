-- The chosen sale lines whose unit price differs from the list price by more than a share of it, greatest difference
-- first. The list price is that of the catalogue in the currency of the line, for the region and the day, else for every
-- region. Without a price in that currency, it is the one of another currency that begins latest, for the region, else
-- for every region, converted to the currency of the line with the rates of the day; of two that begin on one day, that
-- of the later currency in alphabetical order. difference is a fraction of the list price, negative below it. Cancelled
-- lines, lines without a list price and those without a rate are left out.
-- @share NUMERIC = 0.2: greatest difference that is not listed, as a fraction of the list price
-- @limit INT64 = 100: maximum number of lines
-- @offset INT64 = 0: number of lines to skip
-- reads: catalogue_prices, reporting, reporting_rates, visible_lines
-- amounts: converted
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT * FROM reporting_rates
),
sold AS (
  SELECT
    region,
    sale_id,
    line_key,
    store_id,
    sale_date,
    product,
    product_name,
    quantity,
    unit_price,
    currency
  FROM visible_lines
  WHERE is_active AND unit_price IS NOT NULL AND product_id IS NOT NULL
),
prices AS (
  SELECT * FROM catalogue_prices WHERE first_day < next_day
),
common_prices AS (
  SELECT * FROM prices WHERE region = '*'
),
followed AS (
  SELECT
    prices.*,
    LEAD(first_day) OVER (PARTITION BY product_id, region ORDER BY first_day, currency) AS later_day
  FROM prices
),
other_prices AS (
  SELECT
    product_id,
    region,
    currency,
    amount,
    first_day,
    LEAST(next_day, COALESCE(later_day, next_day)) AS next_day
  FROM followed
),
other_common_prices AS (
  SELECT * FROM other_prices WHERE region = '*'
),
listed AS (
  SELECT
    sold.*,
    COALESCE(prices.amount, common_prices.amount, other_prices.amount, other_common_prices.amount) AS list_amount,
    COALESCE(
      prices.currency,
      common_prices.currency,
      other_prices.currency,
      other_common_prices.currency
    ) AS list_currency
  FROM sold
  LEFT JOIN prices
    ON prices.product_id = sold.product
    AND prices.region = sold.region
    AND prices.currency = sold.currency
    AND prices.first_day <= sold.sale_date
    AND prices.next_day > sold.sale_date
  LEFT JOIN common_prices
    ON common_prices.product_id = sold.product
    AND common_prices.currency = sold.currency
    AND common_prices.first_day <= sold.sale_date
    AND common_prices.next_day > sold.sale_date
  LEFT JOIN other_prices
    ON other_prices.product_id = sold.product
    AND other_prices.region = sold.region
    AND other_prices.first_day <= sold.sale_date
    AND other_prices.next_day > sold.sale_date
  LEFT JOIN other_common_prices
    ON other_common_prices.product_id = sold.product
    AND other_common_prices.first_day <= sold.sale_date
    AND other_common_prices.next_day > sold.sale_date
),
rated AS (
  SELECT
    listed.*,
    IF(listed.currency = reporting_currency.currency, 1, rates.factor) AS factor,
    IF(listed.list_currency = reporting_currency.currency, 1, list_rates.factor) AS list_factor
  FROM listed
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.sale_date = listed.sale_date AND rates.currency = listed.currency
  LEFT JOIN rates AS list_rates
    ON list_rates.sale_date = listed.sale_date AND list_rates.currency = listed.list_currency
  WHERE listed.list_amount IS NOT NULL
),
converted AS (
  SELECT
    rated.*,
    IF(
      list_currency = currency,
      list_amount,
      SAFE_DIVIDE(
        CAST(CAST(list_amount AS BIGNUMERIC) * CAST(list_factor AS BIGNUMERIC) AS NUMERIC),
        CAST(factor AS NUMERIC)
      )
    ) AS list_price
  FROM rated
),
compared AS (
  SELECT
    converted.*,
    SAFE_DIVIDE(CAST(unit_price - list_price AS NUMERIC), CAST(list_price AS NUMERIC)) AS difference
  FROM converted
),
final AS (
  SELECT
    region,
    sale_id,
    line_key,
    store_id,
    sale_date,
    product,
    product_name,
    quantity,
    unit_price,
    currency,
    list_price,
    list_amount,
    list_currency,
    difference
  FROM compared
  WHERE ABS(difference) > @share
)
SELECT * FROM final
ORDER BY ABS(difference) DESC, sale_date DESC, region, sale_id, line_key
LIMIT @limit OFFSET @offset
