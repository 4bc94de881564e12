-- What is in stock of each product of the selection: units on hand, of which a negative number counts as none, and their cost
-- in the reporting currency.
-- reads: visible_stock_facts
-- amounts: converted
WITH
levels AS (
  SELECT product, GREATEST(on_hand, 0) AS units, reporting_cost FROM visible_stock_facts
),
final AS (
  SELECT
    product,
    CAST(SUM(units) AS NUMERIC) AS stock_units,
    CAST(SUM(CAST(units AS BIGNUMERIC) * CAST(reporting_cost AS BIGNUMERIC)) AS NUMERIC) AS stock_cost
  FROM levels
  GROUP BY product
)
SELECT * FROM final
