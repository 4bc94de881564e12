-- Revenue of products, compared. A product is that of the catalogue, or else is identified by ID, or by name if there is
-- no ID, and NULL for the lines without either. Its name is the latest one in the catalogue; of several names in
-- sources, the first in alphabetical order is shown.
-- before is the revenue of the previous period, year_before that of the same days of the previous year; change and
-- growth compare with them as in growth, and total_change is the change of all groups together. Both are NULL if there
-- is nothing to compare; growth also for a group without revenue before. A group of any of the three periods has a row.
-- lines includes every status; revenue and units leave out cancelled lines.
-- @sort STRING = revenue of revenue|change|year-change: highest revenue first, or the greatest change up or down
-- @limit INT64 = 100: maximum number of products
-- @offset INT64 = 0: number of products to skip
-- measures of sold_products: product_name, revenue, units, lines, unconverted_lines
-- measures of sold_products: before(product_name), before(revenue), year_before(product_name), year_before(revenue)
-- dimensions of sold_products: product
-- reads: catalogue_names, compared_periods, sold_products
-- amounts: converted
WITH
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
compared AS (
  SELECT
    COUNTIF(series = 'before') > 0 AS is_compared,
    COUNTIF(series = 'year-before') > 0 AS is_year_compared
  FROM compared_periods
),
amounts AS (
  SELECT
    sold_products.product,
    COALESCE(
      names.name,
      LEAST(
        COALESCE(product_name, before_product_name, year_before_product_name),
        COALESCE(before_product_name, year_before_product_name, product_name),
        COALESCE(year_before_product_name, product_name, before_product_name)
      )
    ) AS product_name,
    sold_products.revenue,
    IF(compared.is_compared, sold_products.before_revenue, NULL) AS before,
    IF(compared.is_year_compared, sold_products.year_before_revenue, NULL) AS year_before,
    sold_products.units,
    sold_products.lines,
    sold_products.unconverted_lines
  FROM sold_products
  CROSS JOIN compared
  LEFT JOIN names ON names.code = sold_products.product
),
changes AS (
  SELECT
    amounts.*,
    CAST(revenue - before AS NUMERIC) AS change,
    CAST(revenue - year_before AS NUMERIC) AS year_change
  FROM amounts
),
final AS (
  SELECT
    product,
    product_name,
    revenue,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(SUM(revenue) OVER () AS NUMERIC)) AS revenue_share,
    before,
    change,
    SAFE_DIVIDE(CAST(change AS NUMERIC), CAST(IF(before > 0, before, NULL) AS NUMERIC)) AS growth,
    CAST(SUM(change) OVER () AS NUMERIC) AS total_change,
    year_before,
    year_change,
    SAFE_DIVIDE(CAST(year_change AS NUMERIC), CAST(IF(year_before > 0, year_before, NULL) AS NUMERIC)) AS year_growth,
    CAST(SUM(year_change) OVER () AS NUMERIC) AS year_total_change,
    units,
    lines,
    unconverted_lines
  FROM changes
)
SELECT * FROM final
ORDER BY
  CASE @sort WHEN 'change' THEN ABS(change) WHEN 'year-change' THEN ABS(year_change) ELSE revenue END DESC,
  product
LIMIT @limit OFFSET @offset
