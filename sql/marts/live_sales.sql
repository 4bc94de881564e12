-- One row per line of a store sale that is not in the ledger yet, without people: the sales of the last seconds or minutes.
-- Add them to `sales` for figures of this moment; no sale is in both. revenue is exact in the reporting currency: add it
-- up first and round once. Products are those of the source.
-- - order_id, count distinct: Sale ID if the line is neither cancelled nor returned, otherwise NULL
-- - product: Product ID; name if there is no ID
-- - quantity, sum: Number of units; negative for a return
-- - net_amount, sum: Net amount in `currency`, after discount and before tax
-- - revenue, sum: Net amount in the reporting currency; NULL for cancelled lines and without a rate
-- - reporting_currency: ISO 4217 code of the reporting currency
CREATE OR REPLACE VIEW live_sales AS
WITH
lines AS (
  SELECT * FROM unsettled_lines
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT * FROM reporting_rates
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
    COALESCE(lines.product_id, lines.product_name) AS product,
    lines.product_id,
    lines.product_name,
    lines.status,
    lines.sale_id,
    IF(lines.status NOT IN ('cancelled', 'returned'), CONCAT(lines.region, '/', lines.sale_id), NULL) AS order_id,
    lines.quantity,
    lines.net_amount,
    lines.currency,
    IF(
      lines.status <> 'cancelled',
      CAST(lines.net_amount AS BIGNUMERIC)
      * CAST(IF(lines.currency = reporting_currency.currency, 1, rates.factor) AS BIGNUMERIC),
      NULL
    ) AS revenue,
    reporting_currency.currency AS reporting_currency
  FROM lines
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.sale_date = lines.sale_date AND rates.currency = lines.currency
)
SELECT * FROM final
