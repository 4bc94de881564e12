-- Sales by day, region, store, channel and country, in the reporting currency: few rows, for charts over time.
-- A sale whose lines differ in one of these columns is counted as an order in each of its rows.
-- - orders, sum: Number of sales with a line in this row that is neither cancelled nor returned
CREATE OR REPLACE VIEW sales_by_day AS
WITH
sold AS (
  SELECT * FROM sales
),
final AS (
  SELECT
    sale_date,
    region,
    store_id,
    channel,
    country,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(cancelled_lines) AS INT64) AS cancelled_lines,
    CAST(SUM(pending_lines) AS INT64) AS pending_lines,
    COUNT(DISTINCT order_id) AS orders,
    CAST(SUM(units) AS NUMERIC) AS units,
    SUM(revenue) AS revenue,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines,
    reporting_currency
  FROM sold
  GROUP BY sale_date, region, store_id, channel, country, reporting_currency
)
SELECT * FROM final
