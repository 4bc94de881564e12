-- The chosen sale lines with all columns, searched, sorted and paged; provenance as in sale-lines.
-- reporting_amount is the net amount in the reporting currency; NULL if there is no rate. catalogue_name is the name of
-- the product in the catalogue on the day of the sale; NULL if the catalogue lacks it.
-- @q STRING = : only lines whose sale or product contains this text; also its people, if the user may see personal data
-- @personal INT64 = 0: set by the query layer: 1 if the user may see personal columns
-- @sort STRING = sale_date of sale_date|sold_at|region|sale_id|store_id|product_name|category|channel|status|country|quantity|unit_price|net_amount|currency: column to sort by
-- @descending INT64 = 1: 1: descending, 0: ascending
-- @limit INT64 = 50: maximum number of lines
-- @offset INT64 = 0: number of lines to skip
-- reads: catalogue_products, sourced_lines, visible_lines, visible_sales
WITH
chosen AS (
  SELECT
    sale,
    key,
    CASE @sort
      WHEN 'sale_date' THEN IF(
        @descending = 1,
        DATE_DIFF(DATE '2000-01-01', sale_date, DAY),
        DATE_DIFF(sale_date, DATE '2000-01-01', DAY)
      )
      WHEN 'sold_at' THEN IF(@descending = 1, -UNIX_MICROS(sold_at), UNIX_MICROS(sold_at))
    END AS time_key,
    CASE @sort
      WHEN 'quantity' THEN IF(@descending = 1, -quantity, quantity)
      WHEN 'unit_price' THEN IF(@descending = 1, -unit_price, unit_price)
      WHEN 'net_amount' THEN IF(@descending = 1, -net_amount, net_amount)
    END AS amount_key,
    CASE @sort
      WHEN 'region' THEN region
      WHEN 'sale_id' THEN sale_id
      WHEN 'store_id' THEN store_id
      WHEN 'product_name' THEN product_name
      WHEN 'category' THEN category
      WHEN 'channel' THEN channel
      WHEN 'status' THEN status
      WHEN 'country' THEN country
      WHEN 'currency' THEN currency
    END AS text_key
  FROM visible_lines
  WHERE
    (
      @q = ''
      OR STRPOS(LOWER(sale_id), LOWER(@q)) > 0
      OR STRPOS(LOWER(product_id), LOWER(@q)) > 0
      OR STRPOS(LOWER(product_name), LOWER(@q)) > 0
      OR (
        @personal = 1
        AND (
          STRPOS(LOWER(customer_id), LOWER(@q)) > 0
          OR STRPOS(LOWER(customer_name), LOWER(@q)) > 0
          OR STRPOS(LOWER(salesperson_id), LOWER(@q)) > 0
        )
      )
    )
),
page_times AS (
  -- one narrow column first: how far the page reaches; only lines up to there are sorted
  SELECT time_key FROM chosen ORDER BY time_key LIMIT @limit OFFSET @offset
),
page_amounts AS (
  SELECT amount_key FROM chosen ORDER BY amount_key LIMIT @limit OFFSET @offset
),
page AS (
  SELECT
    sale,
    key,
    time_key,
    amount_key,
    text_key
  FROM chosen
  WHERE
    (time_key IS NULL OR time_key <= (SELECT MAX(time_key) FROM page_times))
    AND (amount_key IS NULL OR amount_key <= (SELECT MAX(amount_key) FROM page_amounts))
  ORDER BY
    time_key,
    amount_key,
    IF(@descending = 0, text_key, NULL),
    IF(@descending = 1, text_key, NULL) DESC,
    sale,
    key
  LIMIT @limit OFFSET @offset
),
page_lines AS (
  SELECT * FROM visible_sales WHERE sale IN (SELECT sale FROM page) AND key IN (SELECT key FROM page)
),
product_versions AS (
  SELECT
    product_id,
    name,
    COALESCE(valid_from, DATE '0001-01-01') AS first_day,
    COALESCE(valid_to, DATE '9999-12-31') AS next_day
  FROM catalogue_products
),
named AS (
  SELECT page.key, MIN(product_versions.name) AS name
  FROM page
  INNER JOIN page_lines ON page_lines.key = page.key
  INNER JOIN product_versions
    ON product_versions.product_id = page_lines.product
    AND product_versions.first_day <= page_lines.sale_date
    AND product_versions.next_day > page_lines.sale_date
  WHERE page_lines.product_id IS NOT NULL
  GROUP BY page.key
),
lines AS (
  SELECT
    page_lines.*,
    named.name AS catalogue_name
  FROM page_lines
  LEFT JOIN named ON named.key = page_lines.key
),
final AS (
  SELECT
    page.sale,
    page.time_key,
    page.amount_key,
    page.text_key,
    sourced_lines.*
  FROM page
  INNER JOIN sourced_lines ON sourced_lines.key = page.key
)
SELECT * EXCEPT (sale, key, time_key, amount_key, text_key) FROM final
ORDER BY
  time_key,
  amount_key,
  IF(@descending = 0, text_key, NULL),
  IF(@descending = 1, text_key, NULL) DESC,
  sale,
  key
