-- Units that arrived for orders, by order and product, with the first and the last business day of the receipts.
-- @orders ARRAY<STRING>: IDs of the orders
SELECT
  reference AS order_id,
  product,
  CAST(SUM(quantity) AS NUMERIC) AS units,
  MIN(stock_date) AS first_day,
  MAX(stock_date) AS last_day
FROM current_movements
WHERE kind = 'receipt' AND reference IN UNNEST(@orders)
GROUP BY reference, product
