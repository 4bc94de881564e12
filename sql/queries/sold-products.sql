-- The products sold, with the category and the unit price of their latest line, most lines first: a price list where
-- the catalogue has none.
-- @limit INT64 = 5000: maximum number of products
-- reads: visible_lines
WITH
priced AS (
  SELECT
    product_id,
    product_name,
    category,
    currency,
    unit_price,
    COUNT(*) OVER (PARTITION BY product_id) AS lines
  FROM visible_lines
  WHERE product_id IS NOT NULL AND unit_price > 0 AND status IN ('completed', 'pending')
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY product_id
    ORDER BY sale_date DESC, sold_at DESC, sale_id DESC, line_key DESC
  ) = 1
),
final AS (
  SELECT * FROM priced
)
SELECT * FROM final
ORDER BY lines DESC, product_id
LIMIT @limit
