-- The earliest business day of the last counts of products in stores; NULL without counts.
WITH
final AS (
  SELECT MAX(stock_date) AS counted_on
  FROM current_movements
  WHERE kind = 'count'
  GROUP BY region, store_id, product
)
SELECT MIN(counted_on) AS counted_on FROM final
