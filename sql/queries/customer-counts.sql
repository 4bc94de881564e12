-- How many customers the chosen sales have, how many of them are new, and how many came more than once; one row.
-- A customer is the id, else the name, over lines that are not cancelled. New: no such line before the chosen period, in
-- all that the person may see and regardless of the filters; without a first day everybody is new. Repeat: two or more
-- of the chosen sales. anonymous_lines name no customer.
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
