-- Products with the number of their movements and sale lines.
-- @first_day DATE: first day of the lines
WITH
facts AS (
  SELECT product FROM current_movements WHERE product IS NOT NULL
  UNION ALL
  SELECT product
  FROM line_facts
  WHERE is_active AND store_id IS NOT NULL AND product IS NOT NULL AND sale_date >= @first_day
)
SELECT product, COUNT(*) AS facts FROM facts GROUP BY product ORDER BY product
