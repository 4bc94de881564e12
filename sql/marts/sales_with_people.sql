-- One row per current sale line, for reports, with salespeople and customers. Users who may not see personal data read
-- `sales` instead. Amounts are in `currency`, the currency of the line; revenue is exact in the reporting currency: add
-- it up first and round once. Count order_id and active_customer distinct; this is correct for every filter and
-- grouping.
-- - order_id, count distinct: Sale ID if the line is neither cancelled nor returned, otherwise NULL
-- - active_customer, count distinct: ID of the customer; name if there is no ID; NULL for cancelled lines
-- - product: Product ID; name if there is no ID
-- - lines, sum: Number of lines, whatever their status
-- - cancelled_lines, sum: Number of cancelled lines; they have no revenue and no units
-- - pending_lines, sum: Number of pending lines; they are included in revenue and units
-- - quantity, sum: Number of units; negative for a return
-- - units, sum: Number of units; NULL for cancelled lines, negative for a return
-- - discount, sum: Discount of the line as an amount
-- - tax, sum: Tax of the line as an amount
-- - net_amount, sum: Net amount in `currency`, after discount and before tax
-- - gross_amount, sum: Net amount plus tax in `currency`; NULL if unknown
-- - revenue, sum: Net amount in the reporting currency; NULL for cancelled lines and without a rate
-- - unconverted_lines, sum: Number of lines that revenue leaves out because there is no rate
-- - reporting_currency: ISO 4217 code of the reporting currency
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
