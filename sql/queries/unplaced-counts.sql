-- Sale lines that change no stock, by region and what they lack: a store, a product or a quantity. Lines that lack several are
-- in several rows. Cancelled lines are left out.
-- reads: visible_lines
WITH
lines AS (
  SELECT region, sale_date, store_id, product, quantity FROM visible_lines WHERE is_active
),
lacking AS (
  SELECT region, sale_date, 'store' AS missing FROM lines WHERE store_id IS NULL
  UNION ALL
  SELECT region, sale_date, 'product' AS missing FROM lines WHERE product IS NULL
  UNION ALL
  SELECT region, sale_date, 'quantity' AS missing FROM lines WHERE quantity IS NULL
),
final AS (
  SELECT region, missing, COUNT(*) AS lines, MIN(sale_date) AS first_sale_date, MAX(sale_date) AS last_sale_date
  FROM lacking
  GROUP BY region, missing
)
SELECT * FROM final
ORDER BY lines DESC, region, missing
