-- The products of the selection with the variation of their weekly units: standard deviation divided by the mean, over the
-- weeks that end on the last day of the selection, from the first week in which the product sold. Class X varies up to @x, Y
-- up to @y, Z more. Without 4 weeks, or without units, there is no class.
WITH
sold AS (
  SELECT product, sale_date, units FROM visible_product_sums WHERE product IS NOT NULL AND units IS NOT NULL
),
bounds AS (
  SELECT MAX(sale_date) AS last_day, CAST(FLOOR((DATE_DIFF(MAX(sale_date), MIN(sale_date), DAY) + 1) / 7) AS INT64) AS weeks FROM sold
),
dated AS (
  SELECT sold.product, CAST(FLOOR(DATE_DIFF(bounds.last_day, sold.sale_date, DAY) / 7) AS INT64) AS week, sold.units, bounds.weeks
  FROM sold
  CROSS JOIN bounds
),
weekly AS (
  SELECT product, week, CAST(SUM(units) AS FLOAT64) AS units
  FROM dated
  WHERE week < weeks
  GROUP BY product, week
),
products AS (
  SELECT
    product,
    MAX(week) + 1 AS weeks,
    SUM(units) / (MAX(week) + 1) AS mean,
    SUM(units * units) / (MAX(week) + 1) AS mean_square
  FROM weekly
  GROUP BY product
),
varying AS (
  SELECT
    product,
    weeks,
    IF(
      mean > 0 AND weeks >= 4,
      CAST(ROUND(SQRT(GREATEST(mean_square - mean * mean, 0)) / mean, 4) AS NUMERIC),
      NULL
    ) AS variation
  FROM products
)
SELECT
  product,
  weeks,
  variation,
  CASE WHEN variation <= @x THEN 'X' WHEN variation <= @y THEN 'Y' WHEN variation > @y THEN 'Z' END AS xyz_class
FROM varying
