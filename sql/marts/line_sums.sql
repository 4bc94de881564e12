-- One row per current line with the measures of the daily totals: the tables of daily totals are computed from it, and
-- queries read it for days that these do not include yet. A cost above 10^9 units or money is NULL: the product
-- overflows.
-- - lines: Always 1
-- - orders: 1 if the line represents its sale when orders are counted, otherwise 0
-- - net: Net amount, in `currency`
-- - cost: Quantity × unit cost, rounded to 9 decimal places; NULL without a cost
-- - costed_net: Net amount; NULL without a cost
-- - costed_lines: 1 if the line has a cost, otherwise 0
-- - first_sale: Hash of (region, sale_id)
-- - last_sale: Hash of (region, sale_id)
CREATE OR REPLACE VIEW line_sums AS
WITH
lines AS (
  SELECT * FROM line_facts
),
costed AS (
  SELECT
    lines.*,
    IF(
      ABS(quantity) < 1000000000 AND ABS(unit_cost) < 1000000000,
      CAST(CAST(quantity AS BIGNUMERIC) * CAST(unit_cost AS BIGNUMERIC) AS NUMERIC),
      NULL
    ) AS line_cost
  FROM lines
),
final AS (
  SELECT
    sale_date,
    region,
    store_id,
    salesperson_id,
    channel,
    country,
    category,
    product_id,
    product_name,
    customer_id,
    customer_name,
    status,
    currency,
    1 AS lines,
    IF(is_order, 1, 0) AS orders,
    net_amount AS net,
    quantity,
    line_cost AS cost,
    IF(line_cost IS NULL, NULL, net_amount) AS costed_net,
    IF(line_cost IS NULL, 0, 1) AS costed_lines,
    sale AS first_sale,
    sale AS last_sale
  FROM costed
)
SELECT * FROM final
