-- The sales of the days from @first to @last with at least @amount of revenue in the reporting currency.
-- @first DATE: first day
-- @last DATE: last day
-- @amount NUMERIC: least revenue of a sale
WITH
sales AS (
  SELECT
    region,
    sale_id,
    MAX(store_id) AS store_id,
    MAX(sale_date) AS sale_date,
    CAST(SUM(revenue) AS NUMERIC) AS revenue
  FROM sale_facts
  WHERE sale_date >= @first AND sale_date <= @last AND is_active
  GROUP BY region, sale_id
),
final AS (
  SELECT * FROM sales WHERE revenue >= @amount
)
SELECT * FROM final
ORDER BY sale_date, region, sale_id
