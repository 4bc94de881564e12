-- Products with the number of their movements and sale lines.
WITH
facts AS (
  SELECT product FROM current_movements WHERE product IS NOT NULL
  UNION ALL
  SELECT product FROM line_facts WHERE is_active AND store_id IS NOT NULL AND product IS NOT NULL
)
SELECT product, COUNT(*) AS facts FROM facts GROUP BY product ORDER BY product
