-- The products of the selection with the variation of their weekly units: standard deviation divided by the mean, here
-- squared. Weeks end on the last day of the selection; they count from the first week in which the product sold. Class X
-- varies up to @x, Y up to @y, Z more. Without 4 weeks, or without units, there is no class.
-- reads: visible_product_sums
WITH
sold AS (
  SELECT product, sale_date, units FROM visible_product_sums WHERE product IS NOT NULL AND units IS NOT NULL
),
bounds AS (
  SELECT
    MAX(sale_date) AS last_day,
    CAST(
      FLOOR(SAFE_DIVIDE(CAST(DATE_DIFF(MAX(sale_date), MIN(sale_date), DAY) + 1 AS NUMERIC), CAST(7 AS NUMERIC))) AS INT64
    ) AS weeks
  FROM sold
),
dated AS (
  SELECT
    sold.product,
    CAST(
      FLOOR(
        SAFE_DIVIDE(CAST(DATE_DIFF(bounds.last_day, sold.sale_date, DAY) AS NUMERIC), CAST(7 AS NUMERIC))
      ) AS INT64
    ) AS week,
    sold.units,
    bounds.weeks
  FROM sold
  CROSS JOIN bounds
),
weekly AS (
  SELECT product, week, CAST(SUM(units) AS NUMERIC) AS units
  FROM dated
  WHERE week < weeks
  GROUP BY product, week
),
products AS (
  SELECT
    product,
    MAX(week) + 1 AS weeks,
    CAST(SUM(units) AS NUMERIC) AS units,
    CAST(SUM(CAST(units * units AS NUMERIC)) AS NUMERIC) AS squares
  FROM weekly
  GROUP BY product
),
means AS (
  SELECT
    product,
    weeks,
    SAFE_DIVIDE(CAST(units AS NUMERIC), CAST(weeks AS NUMERIC)) AS mean,
    SAFE_DIVIDE(CAST(squares AS NUMERIC), CAST(weeks AS NUMERIC)) AS mean_square
  FROM products
),
varying AS (
  SELECT
    product,
    weeks,
    IF(
      mean > 0 AND weeks >= 4,
      SAFE_DIVIDE(
        CAST(GREATEST(mean_square - CAST(mean * mean AS NUMERIC), 0) AS NUMERIC), CAST(mean * mean AS NUMERIC)
      ),
      NULL
    ) AS squared_variation
  FROM means
)
SELECT
  product,
  weeks,
  CAST(squared_variation AS NUMERIC) AS squared_variation,
  CASE
    WHEN squared_variation <= CAST(@x * @x AS NUMERIC) THEN 'X'
    WHEN squared_variation <= CAST(@y * @y AS NUMERIC) THEN 'Y'
    WHEN squared_variation IS NOT NULL THEN 'Z'
  END AS xyz_class
FROM varying
