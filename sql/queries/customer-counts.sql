-- The number of customers of the chosen sales, of new ones, and of repeat ones, as one row. A customer is identified by
-- ID, or by name if there is no ID; cancelled lines are left out.
-- New customers have no earlier line than the chosen period in all sales that the user can see, whatever the filters;
-- without a first day, every customer is new. Repeat customers have two or more of the chosen sales. anonymous_lines
-- counts the lines without a customer.
WITH
customers AS (
  SELECT
    COALESCE(customer_id, customer_name) AS customer,
    MIN(first_sale) <> MAX(last_sale) AS is_repeat
  FROM visible_customers
  WHERE active_lines > 0
  GROUP BY customer
),
known AS (
  SELECT DISTINCT COALESCE(customer_id, customer_name) AS customer FROM known_customers WHERE active_lines > 0
),
named AS (
  SELECT CAST(COALESCE(SUM(active_lines), 0) AS INT64) AS lines FROM visible_customers
),
everything AS (
  SELECT CAST(COALESCE(SUM(active_lines), 0) AS INT64) AS lines FROM visible_sums
),
anonymous AS (
  SELECT everything.lines - named.lines AS lines FROM everything CROSS JOIN named
),
counted AS (
  SELECT
    COUNT(*) AS customers,
    COUNTIF(known.customer IS NULL) AS new_customers,
    COUNTIF(customers.is_repeat) AS repeat_customers
  FROM customers
  LEFT JOIN known ON known.customer = customers.customer
),
final AS (
  SELECT
    counted.customers,
    counted.new_customers,
    counted.repeat_customers,
    anonymous.lines AS anonymous_lines
  FROM counted
  CROSS JOIN anonymous
)
SELECT * FROM final
