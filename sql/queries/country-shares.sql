-- The share of each country in revenue, customers and new customers, highest revenue first. The row with country NULL
-- contains the sales without a country.
-- Customers are counted as in customer-counts. A customer who bought in two countries counts in both; the shares are of
-- all customers. revenue_share is the share of all converted revenue.
-- reads: known_customers, visible_customers, visible_sums
-- amounts: converted
WITH
money AS (
  SELECT
    country,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM visible_sums
  GROUP BY country
),
chosen AS (
  SELECT DISTINCT
    country,
    COALESCE(customer_id, customer_name) AS customer
  FROM visible_customers
  WHERE active_lines > 0
),
known AS (
  SELECT DISTINCT COALESCE(customer_id, customer_name) AS customer FROM known_customers WHERE active_lines > 0
),
people AS (
  SELECT
    chosen.country,
    COUNT(*) AS customers,
    COUNTIF(known.customer IS NULL) AS new_customers
  FROM chosen
  LEFT JOIN known ON known.customer = chosen.customer
  GROUP BY chosen.country
),
everybody AS (
  SELECT
    COUNT(DISTINCT chosen.customer) AS customers,
    COUNT(DISTINCT IF(known.customer IS NULL, chosen.customer, NULL)) AS new_customers
  FROM chosen
  LEFT JOIN known ON known.customer = chosen.customer
),
final AS (
  SELECT
    money.country,
    money.revenue,
    SAFE_DIVIDE(CAST(money.revenue AS NUMERIC), CAST(SUM(money.revenue) OVER () AS NUMERIC)) AS revenue_share,
    COALESCE(people.customers, 0) AS customers,
    SAFE_DIVIDE(
      CAST(COALESCE(people.customers, 0) AS NUMERIC),
      CAST(everybody.customers AS NUMERIC)
    ) AS customers_share,
    COALESCE(people.new_customers, 0) AS new_customers,
    SAFE_DIVIDE(
      CAST(COALESCE(people.new_customers, 0) AS NUMERIC),
      CAST(everybody.new_customers AS NUMERIC)
    ) AS new_customers_share,
    money.lines,
    money.unconverted_lines
  FROM money
  LEFT JOIN people ON people.country IS NOT DISTINCT FROM money.country
  CROSS JOIN everybody
)
SELECT * FROM final
ORDER BY revenue DESC, country
