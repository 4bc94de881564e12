-- Sales by customer and region, over all days, without cancelled lines. Personal: only for users who may see customers.
-- - customer: ID of the customer; name if there is no ID
-- - customer_name: Name of the customer; of several names, the last in alphabetical order
-- - orders, sum: Number of sales with a line that is neither cancelled nor returned
CREATE OR REPLACE VIEW sales_by_customer AS
WITH
sold AS (
  SELECT * FROM sales_with_people WHERE active_customer IS NOT NULL
),
final AS (
  SELECT
    region,
    country,
    active_customer AS customer,
    MAX(customer_name) AS customer_name,
    CAST(SUM(lines) AS INT64) AS lines,
    COUNT(DISTINCT order_id) AS orders,
    CAST(SUM(units) AS NUMERIC) AS units,
    SUM(revenue) AS revenue,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines,
    reporting_currency,
    MIN(sale_date) AS first_sale_date,
    MAX(sale_date) AS last_sale_date
  FROM sold
  GROUP BY region, country, active_customer, reporting_currency
)
SELECT * FROM final
