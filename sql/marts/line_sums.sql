-- One row per current line with the measures of the daily totals: the tables of daily totals are computed from it, and
-- queries read it for days that these do not include yet.
-- - product: Product of the catalogue if the product ID is one of its codes; otherwise the product ID, or the name if
-- there is no ID
-- - cost_currency: Currency of `cost` if it is that of the catalogue; otherwise NULL: it is in `currency`
-- - lines: Always 1
-- - orders: 1 if the line represents its sale when orders are counted, otherwise 0
-- - net: Net amount, in `currency`
-- - discount: Discount, in `currency`
-- - cost: Quantity × unit cost, rounded to 9 decimal places; NULL without a cost
-- - costed_net: Net amount; NULL without a cost
-- - costed_lines: 1 if the line has a cost, otherwise 0
-- - first_sale: Hash of (region, sale_id)
-- - last_sale: Hash of (region, sale_id)
-- - is_whole_order: TRUE if the line counts as an order and all such lines of its sale have the same store, salesperson,
-- channel, status, day and country
CREATE OR REPLACE VIEW line_sums AS
WITH
lines AS (
  SELECT * FROM line_costs
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
    product,
    customer_id,
    customer_name,
    status,
    currency,
    IF(line_cost IS NULL, NULL, listed_currency) AS cost_currency,
    1 AS lines,
    IF(is_order, 1, 0) AS orders,
    net_amount AS net,
    quantity,
    discount,
    line_cost AS cost,
    IF(line_cost IS NULL, NULL, net_amount) AS costed_net,
    IF(line_cost IS NULL, 0, 1) AS costed_lines,
    sale AS first_sale,
    sale AS last_sale,
    counts_as_order AND NOT is_mixed_order AS is_whole_order
  FROM lines
)
SELECT * FROM final
