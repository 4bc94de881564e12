-- The number of customers of the chosen sales, of new ones, and of repeat ones, as one row. A customer is identified by
-- ID, or by name if there is no ID; cancelled lines are left out.
-- New customers have no earlier line than the chosen period in all sales that the user can see, whatever the filters;
-- without a first day, every customer is new. Repeat customers have two or more of the chosen sales. anonymous_lines
-- counts the lines without a customer.
-- measures of counts: customers, new_customers, repeat_customers, anonymous_lines
-- reads: counts
WITH
final AS (
  SELECT * FROM counts
)
SELECT * FROM final
