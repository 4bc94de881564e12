-- One row per sale line that counts now, for reports, with who sold and who bought: people who may see no personal data
-- read `sales` instead. Amounts are in `currency`, the line's own; revenue is in the reporting currency and exact: add it
-- up first, round once. Count order_id and active_customer distinct, and every grouping and filter comes out right.
-- - order_id, count distinct: The sale where the line makes it an order (neither cancelled nor returned), else NULL
-- - active_customer, count distinct: Who bought, by id, else by name; NULL on cancelled lines
-- - product: The product's id, else its name
-- - lines, sum: Lines of every status
-- - cancelled_lines, sum: Lines that were cancelled; they have no revenue and no units
-- - pending_lines, sum: Lines that are pending; they count and are shown apart
-- - quantity, sum: Units; negative for a return
-- - units, sum: Units that count: NULL on cancelled lines, negative for a return
-- - discount, sum: Discount of the line as an amount
-- - tax, sum: Tax of the line as an amount
-- - net_amount, sum: After discount, before tax, in the line's own currency
-- - gross_amount, sum: Net amount plus tax in the line's own currency, where known
-- - revenue, sum: Net amount in the reporting currency; NULL on cancelled lines and where there is no rate
-- - unconverted_lines, sum: Lines that revenue misses for want of a rate
-- - reporting_currency: ISO 4217 code of revenue
CREATE OR REPLACE VIEW sales_with_people AS
WITH
lines AS (
  SELECT * FROM sale_facts
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
final AS (
  SELECT
    lines.sale_date,
    lines.sold_at,
    lines.region,
    lines.store_id,
    lines.country,
    lines.channel,
    lines.category,
    lines.product,
    lines.product_id,
    lines.product_name,
    lines.status,
    lines.sale_id,
    lines.line_key,
    lines.salesperson_id,
    lines.customer_id,
    lines.customer_name,
    IF(lines.is_active, lines.customer, NULL) AS active_customer,
    IF(lines.counts_as_order, CONCAT(lines.region, '/', lines.sale_id), NULL) AS order_id,
    1 AS lines,
    IF(lines.status = 'cancelled', 1, 0) AS cancelled_lines,
    IF(lines.status = 'pending', 1, 0) AS pending_lines,
    lines.quantity,
    lines.units,
    lines.unit_price,
    lines.discount,
    lines.tax,
    lines.net_amount,
    lines.gross_amount,
    lines.currency,
    lines.unit_cost,
    lines.revenue,
    IF(lines.is_unconverted, 1, 0) AS unconverted_lines,
    reporting_currency.currency AS reporting_currency
  FROM lines
  CROSS JOIN reporting_currency
)
SELECT * FROM final
