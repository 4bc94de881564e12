-- The first and the last day with a sale of any status in the chosen regions and stores, and the time of the last
-- settlement (settled_at). Later days than that are mistakes in a source.
-- @until DATE = 9999-12-31: no later days
-- reads: settlements, visible_sums
WITH
last_settlement AS (
  SELECT MAX(settled_at) AS settled_at FROM settlements
),
days AS (
  SELECT
    MIN(sale_date) AS first_day,
    MAX(sale_date) AS last_day
  FROM visible_sums
  WHERE sale_date <= @until
),
final AS (
  SELECT
    days.first_day,
    days.last_day,
    last_settlement.settled_at
  FROM days
  CROSS JOIN last_settlement
)
SELECT * FROM final
