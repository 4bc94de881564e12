-- The products with the greatest revenue. A product is its id, else its name; name and category are the first by letter.
-- lines counts every status; revenue and units leave cancelled lines out.
-- @limit INT64 = 100: at most so many products
-- @offset INT64 = 0: leave out so many first
WITH
foreign_days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    product,
    product_name,
    category,
    currency,
    sale_date,
    SUM(active_net) AS net,
    SUM(units) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines
  FROM visible_foreign_lines
  WHERE product IS NOT NULL
  GROUP BY product, product_name, category, currency, sale_date
),
sums AS (
  -- by name and category too, of which a product has few: so that nobody looks for them in all lines again
  SELECT
    product,
    product_name,
    category,
    1 AS factor,
    SUM(active_net) AS net,
    SUM(units) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines
  FROM visible_own_lines
  WHERE product IS NOT NULL
  GROUP BY product, product_name, category
  UNION ALL
  SELECT
    foreign_days.product,
    foreign_days.product_name,
    foreign_days.category,
    rates.factor,
    foreign_days.net,
    foreign_days.units,
    foreign_days.lines,
    foreign_days.active_lines
  FROM foreign_days
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = foreign_days.sale_date AND rates.currency = foreign_days.currency
),
final AS (
  SELECT
    product,
    MIN(product_name) AS product_name,
    MIN(category) AS category,
    CAST(COALESCE(SUM(CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC)), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(IF(factor IS NULL, active_lines, 0)) AS INT64) AS unconverted_lines
  FROM sums
  GROUP BY product
)
SELECT * FROM final
ORDER BY revenue DESC, product
LIMIT @limit OFFSET @offset
