-- The current lines of the returns of one sale.
-- @region STRING: region of the sale
-- @sale_id STRING: ID of the returned sale
-- reads: visible_versions
WITH
final AS (
  SELECT
    sale_id,
    line_key,
    store_id,
    product_id,
    product_name,
    quantity
  FROM visible_versions
  WHERE is_current AND region = @region AND returns_sale_id = @sale_id AND status = 'returned'
)
SELECT * FROM final
ORDER BY sale_id, line_key
