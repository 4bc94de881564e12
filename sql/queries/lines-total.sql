-- The totals of all lines of lines-page, whatever the page, as one row; amounts leave out cancelled lines.
-- @q STRING = : only lines whose sale or product contains this text; also its people, if the user may see personal data
-- @personal INT64 = 0: set by the query layer: 1 if the user may see personal columns
-- reads: reporting, reporting_rates, visible_lines
-- amounts: converted
WITH
days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    currency,
    sale_date,
    SUM(active_net) AS net,
    SUM(units) AS units,
    COUNT(*) AS lines,
    COUNTIF(is_active) AS active_lines
  FROM visible_lines
  WHERE
    (
      @q = ''
      OR STRPOS(LOWER(sale_id), LOWER(@q)) > 0
      OR STRPOS(LOWER(product_id), LOWER(@q)) > 0
      OR STRPOS(LOWER(product_name), LOWER(@q)) > 0
      OR (
        @personal = 1
        AND (
          STRPOS(LOWER(customer_id), LOWER(@q)) > 0
          OR STRPOS(LOWER(customer_name), LOWER(@q)) > 0
          OR STRPOS(LOWER(salesperson_id), LOWER(@q)) > 0
        )
      )
    )
  GROUP BY currency, sale_date
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rated AS (
  SELECT
    days.net,
    days.units,
    days.lines,
    days.active_lines,
    IF(days.currency = reporting_currency.currency, 1, rates.factor) AS factor
  FROM days
  CROSS JOIN reporting_currency
  LEFT JOIN reporting_rates AS rates ON rates.sale_date = days.sale_date AND rates.currency = days.currency
),
totals AS (
  SELECT
    CAST(COALESCE(SUM(lines), 0) AS INT64) AS lines,
    CAST(COALESCE(SUM(active_lines), 0) AS INT64) AS active_lines,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(COALESCE(SUM(CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC)), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(IF(factor IS NULL, active_lines, 0)), 0) AS INT64) AS unconverted_lines
  FROM rated
),
final AS (
  SELECT
    totals.*,
    reporting_currency.currency
  FROM totals
  CROSS JOIN reporting_currency
)
SELECT * FROM final
