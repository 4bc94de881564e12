-- The customers of the selection with their RFM scores, from 1 to 5: of their last purchase (recency), of the days on
-- which they bought (frequency), and of their revenue (monetary value). The fifth of the customers with the lowest
-- value has the score 1, the next fifth 2, and so on; customers with equal values have the same, the lowest one.
-- Cancelled lines are left out, and returns only reduce the revenue; customers with returns only are left out.
-- recency_days is the number of days since the last purchase, on the last day with a purchase in the selection.
-- The segment follows from the scores of recency and frequency, by the grid in general use (A. Hughes, Strategic
-- Database Marketing; the names are those of the `rfm` packages for Python and R).
-- reads: visible_customer_sums
-- amounts: converted
WITH
active AS (
  SELECT
    COALESCE(customer_id, customer_name) AS customer,
    customer_name AS name,
    IF(status = 'returned', NULL, sale_date) AS purchase_date,
    revenue
  FROM visible_customer_sums
  WHERE active_lines > 0
),
customers AS (
  SELECT
    customer,
    MIN(name) AS customer_name,
    MAX(purchase_date) AS last_purchase_date,
    COUNT(DISTINCT purchase_date) AS purchase_days,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue
  FROM active
  GROUP BY customer
),
buyers AS (
  SELECT
    customers.*,
    DATE_DIFF(MAX(last_purchase_date) OVER (), last_purchase_date, DAY) AS recency_days
  FROM customers
  WHERE last_purchase_date IS NOT NULL
),
ranked AS (
  SELECT
    buyers.*,
    RANK() OVER (ORDER BY recency_days DESC) - 1 AS recency_rank,
    RANK() OVER (ORDER BY purchase_days) - 1 AS frequency_rank,
    RANK() OVER (ORDER BY revenue) - 1 AS monetary_rank,
    COUNT(*) OVER () AS buyer_count
  FROM buyers
),
placed AS (
  SELECT
    ranked.*,
    SAFE_DIVIDE(CAST(recency_rank AS NUMERIC), CAST(buyer_count AS NUMERIC)) AS recency_part,
    SAFE_DIVIDE(CAST(frequency_rank AS NUMERIC), CAST(buyer_count AS NUMERIC)) AS frequency_part,
    SAFE_DIVIDE(CAST(monetary_rank AS NUMERIC), CAST(buyer_count AS NUMERIC)) AS monetary_part
  FROM ranked
),
scored AS (
  SELECT
    placed.*,
    1 + CAST(FLOOR(CAST(5 * recency_part AS NUMERIC)) AS INT64) AS recency_score,
    1 + CAST(FLOOR(CAST(5 * frequency_part AS NUMERIC)) AS INT64) AS frequency_score,
    1 + CAST(FLOOR(CAST(5 * monetary_part AS NUMERIC)) AS INT64) AS monetary_score
  FROM placed
)
SELECT
  customer,
  customer_name,
  CASE
    WHEN recency_score = 5 AND frequency_score >= 4 THEN 'champions'
    WHEN recency_score >= 3 AND frequency_score >= 4 THEN 'loyal'
    WHEN recency_score >= 4 AND frequency_score >= 2 THEN 'potential-loyal'
    WHEN recency_score = 5 THEN 'new'
    WHEN recency_score = 4 THEN 'promising'
    WHEN recency_score = 3 AND frequency_score = 3 THEN 'need-attention'
    WHEN recency_score = 3 THEN 'about-to-sleep'
    WHEN frequency_score = 5 THEN 'cannot-lose'
    WHEN frequency_score >= 3 THEN 'at-risk'
    ELSE 'hibernating'
  END AS segment,
  recency_days,
  purchase_days,
  revenue,
  recency_score,
  frequency_score,
  monetary_score,
  last_purchase_date
FROM scored
