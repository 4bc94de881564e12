-- The key figures of the chosen sales by day, week, month, quarter or year, oldest first. period_start is the first day
-- of the period; weeks start on Monday. There is no row for a period without sales. Each figure is as in kpis and
-- headline; margin is NULL if no line of the period has a cost.
-- @period STRING = monthly of daily|weekly|monthly|quarterly|yearly: the length of a period
-- measures of figures: revenue, orders, average_order_value, units, customers, margin, returned_value
-- dimensions of figures: period_start
-- reads: figures
WITH
final AS (
  SELECT * FROM figures
)
SELECT * FROM final
ORDER BY period_start
