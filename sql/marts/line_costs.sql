-- line_facts with the cost of the line. The unit cost is that of the source, else that of the catalogue for the region
-- and the day, else that of the catalogue for every region. A cost above 10^9 units or money is NULL: it overflows.
-- - line_cost: Quantity × unit cost, rounded to 9 decimal places; NULL without a cost
-- - listed_product: Product whose cost in the catalogue applies; NULL if the source has a cost, or no product ID
-- - chosen_cost: Cost of one unit
-- - listed_currency: Currency of that cost if it is from the catalogue
CREATE OR REPLACE VIEW line_costs AS
WITH
lines AS (
  SELECT
    line_facts.*,
    IF(unit_cost IS NULL AND product_id IS NOT NULL, product, NULL) AS listed_product
  FROM line_facts
),
costs AS (
  SELECT * FROM catalogue_costs
),
common_costs AS (
  SELECT * FROM catalogue_costs WHERE region = '*'
),
unit_costs AS (
  SELECT
    lines.*,
    COALESCE(unit_cost, costs.amount, common_costs.amount) AS chosen_cost,
    IF(unit_cost IS NULL, COALESCE(costs.currency, common_costs.currency), NULL) AS listed_currency
  FROM lines
  LEFT JOIN costs
    ON costs.product_id = lines.listed_product
    AND costs.region = lines.region
    AND costs.first_day <= lines.sale_date
    AND costs.next_day > lines.sale_date
  LEFT JOIN common_costs
    ON common_costs.product_id = lines.listed_product
    AND common_costs.first_day <= lines.sale_date
    AND common_costs.next_day > lines.sale_date
),
final AS (
  SELECT
    unit_costs.*,
    IF(
      ABS(quantity) < 1000000000 AND ABS(chosen_cost) < 1000000000,
      CAST(CAST(quantity AS BIGNUMERIC) * CAST(chosen_cost AS BIGNUMERIC) AS NUMERIC),
      NULL
    ) AS line_cost
  FROM unit_costs
)
SELECT * FROM final
