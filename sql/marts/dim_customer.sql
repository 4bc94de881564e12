-- Customers, by a surrogate: a hash with a secret of this warehouse, which does not reveal the customer. Names and
-- IDs are in dim_customer_people. A customer is identified by ID, or by name if there is no ID. The row with an empty key
-- is for lines without a customer.
-- - customer_key: Surrogate of the customer
-- - first_sale_date: Day of the first line that is not cancelled
-- - last_sale_date: Day of the last line that is not cancelled
CREATE OR REPLACE VIEW dim_customer AS
WITH
final AS (
  SELECT customer_key, first_sale_date, last_sale_date FROM dim_customer_people
)
SELECT * FROM final
