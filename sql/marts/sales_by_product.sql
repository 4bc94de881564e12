-- Sales by product and region, over all days. A product without an ID is identified by its name.
-- - product_name: Product name as in a source; of several names, the last in alphabetical order
-- - customers: Number of customers with a line that is not cancelled
-- - first_sale_date: First day with a line
-- - last_sale_date: Last day with a line
CREATE OR REPLACE VIEW sales_by_product AS
WITH
sold AS (
  SELECT * FROM sales_with_people
),
final AS (
  SELECT
    region,
    category,
    product,
    MAX(product_name) AS product_name,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(cancelled_lines) AS INT64) AS cancelled_lines,
    COUNT(DISTINCT active_customer) AS customers,
    CAST(SUM(units) AS NUMERIC) AS units,
    SUM(revenue) AS revenue,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines,
    reporting_currency,
    MIN(sale_date) AS first_sale_date,
    MAX(sale_date) AS last_sale_date
  FROM sold
  GROUP BY region, category, product, reporting_currency
)
SELECT * FROM final
