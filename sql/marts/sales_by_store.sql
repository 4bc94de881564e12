-- Sales by store and region, over all days; sales without a store are one row per region.
CREATE OR REPLACE VIEW sales_by_store AS
WITH
sold AS (
  SELECT * FROM sales_with_people
),
final AS (
  SELECT
    region,
    store_id,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(cancelled_lines) AS INT64) AS cancelled_lines,
    COUNT(DISTINCT order_id) AS orders,
    COUNT(DISTINCT active_customer) AS customers,
    CAST(SUM(units) AS NUMERIC) AS units,
    SUM(revenue) AS revenue,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines,
    reporting_currency,
    MIN(sale_date) AS first_sale_date,
    MAX(sale_date) AS last_sale_date
  FROM sold
  GROUP BY region, store_id, reporting_currency
)
SELECT * FROM final
