-- The customers of dim_customer with their IDs and names. Personal: only for users who may see customers. Of several
-- names, or countries, the last in alphabetical order is shown.
-- - customer_key: Surrogate of the customer
-- - customer: ID of the customer; name if there is no ID
-- - first_sale_date: Day of the first line that is not cancelled
-- - last_sale_date: Day of the last line that is not cancelled
CREATE OR REPLACE VIEW dim_customer_people AS
WITH
secret AS (
  SELECT MAX(secret) AS secret FROM surrogate_secret
),
customers AS (
  SELECT
    customer,
    MAX(customer_name) AS customer_name,
    MAX(country) AS country,
    MIN(IF(is_active, sale_date, NULL)) AS first_sale_date,
    MAX(IF(is_active, sale_date, NULL)) AS last_sale_date
  FROM line_facts
  GROUP BY customer
),
final AS (
  SELECT
    IF(
      customers.customer IS NULL,
      '',
      TO_HEX(SHA256(CONCAT(secret.secret, '|customer|', customers.customer)))
    ) AS customer_key,
    customers.customer,
    customers.customer_name,
    customers.country,
    customers.first_sale_date,
    customers.last_sale_date
  FROM customers
  CROSS JOIN secret
)
SELECT * FROM final
