-- The main figures of the chosen sales as one row, with growth against the previous period.
-- Whole months are compared with the same number of whole months, other periods with the same number of days. Only days
-- up to the last reported day count: an unfinished period is compared with the same part of the previous one. Growth is
-- NULL without from and to, if the previous period has no value, or if it begins before the first reported day.
-- lines includes every status. Units, revenue, customers, countries, categories, and the first and last day leave out
-- cancelled lines. Orders are the sales with at least one line that is neither cancelled nor returned.
-- measures of figures: lines, active_lines, cancelled_lines, pending_lines, orders, customers, countries, categories
-- measures of figures: units, revenue, average_order_value, unconverted_lines, first_sale_date, last_sale_date
-- measures of figures: revenue_growth, orders_growth
-- reads: figures, reporting, settlements
-- amounts: converted
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
last_settlement AS (
  SELECT MAX(settled_at) AS as_of
  FROM settlements
  WHERE settlement_no = (SELECT MAX(settlement_no) FROM settlements)
),
final AS (
  SELECT
    figures.* EXCEPT (revenue_growth, orders_growth),
    reporting_currency.currency,
    last_settlement.as_of,
    figures.revenue_growth,
    figures.orders_growth
  FROM figures
  CROSS JOIN reporting_currency
  CROSS JOIN last_settlement
)
SELECT * FROM final
