-- One row per current sale line, for reports, without salespeople and customers.
-- Like sales_with_people: revenue is exact in the reporting currency; count order_id distinct.
CREATE OR REPLACE VIEW sales AS
SELECT * EXCEPT (salesperson_id, customer_id, customer_name, active_customer) FROM sales_with_people
