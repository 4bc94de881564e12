-- Each line that counts now as a sum of one: the source of the tables of sums by day, and their replacement
-- on days that they do not cover yet. A cost beyond a thousand million units or money is no cost: its product would overflow.
-- - lines: 1
-- - orders: 1 if the line represents its sale where orders are counted
-- - net: Its net amount, in `currency`
-- - cost: Quantity × unit cost where it has both, rounded to 9 places
-- - costed_net: Net amount where it has a cost
-- - costed_lines: 1 where it has a cost
-- - first_sale: Hash of its sale
-- - last_sale: Hash of its sale
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
