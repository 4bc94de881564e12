-- The segments of the customers by recency, frequency and monetary value (RFM), one row per segment, the best first.
-- See customers-by-segment for the scores. recency_days and purchase_days are averages.
-- reads: scored_customers
-- amounts: converted
WITH
segments AS (
  SELECT
    segment,
    COUNT(*) AS customers,
    CAST(SUM(revenue) AS NUMERIC) AS revenue,
    SUM(recency_days) AS recency_days,
    SUM(purchase_days) AS purchase_days
  FROM scored_customers
  GROUP BY segment
),
totals AS (
  SELECT segments.*, SUM(customers) OVER () AS all_customers, SUM(revenue) OVER () AS all_revenue FROM segments
),
final AS (
  SELECT
    segment,
    customers,
    CAST(SAFE_DIVIDE(CAST(customers AS NUMERIC), CAST(all_customers AS NUMERIC)) AS NUMERIC) AS customer_share,
    revenue,
    CAST(SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(all_revenue AS NUMERIC)) AS NUMERIC) AS revenue_share,
    CAST(SAFE_DIVIDE(CAST(recency_days AS NUMERIC), CAST(customers AS NUMERIC)) AS NUMERIC) AS recency_days,
    CAST(SAFE_DIVIDE(CAST(purchase_days AS NUMERIC), CAST(customers AS NUMERIC)) AS NUMERIC) AS purchase_days,
    CASE segment
      WHEN 'champions' THEN 1
      WHEN 'loyal' THEN 2
      WHEN 'potential-loyal' THEN 3
      WHEN 'new' THEN 4
      WHEN 'promising' THEN 5
      WHEN 'need-attention' THEN 6
      WHEN 'about-to-sleep' THEN 7
      WHEN 'cannot-lose' THEN 8
      WHEN 'at-risk' THEN 9
      ELSE 10
    END AS position
  FROM totals
)
SELECT * FROM final
ORDER BY position
