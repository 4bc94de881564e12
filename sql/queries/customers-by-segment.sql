-- The customers with the highest revenue, with their scores of recency, frequency and monetary value (RFM) and their
-- segment. The fifth of the customers with the lowest value has the score 1, the next fifth 2, and so on; customers with
-- equal values have the same, the lowest one. Frequency is the number of days with a purchase. recency_days counts from
-- the last purchase of a customer to the last one of all. Cancelled lines are left out, returns only reduce the revenue,
-- and customers with returns only are left out. matching is the number of customers of the segment, or of all.
-- needs: see personal columns
-- @segment STRING = all of all|champions|loyal|potential-loyal|new|promising|need-attention|about-to-sleep|cannot-lose|at-risk|hibernating: segment of the customers
-- @limit INT64 = 100: maximum number of customers
-- @offset INT64 = 0: number of customers to skip
-- reads: scored_customers
-- amounts: converted
WITH
matching AS (
  SELECT scored_customers.*, COUNT(*) OVER () AS matching
  FROM scored_customers
  WHERE @segment = 'all' OR segment = @segment
),
final AS (
  SELECT * FROM matching
)
SELECT * FROM final
ORDER BY revenue DESC, customer
LIMIT @limit OFFSET @offset
