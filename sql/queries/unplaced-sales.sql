-- Sale lines that change no stock because they lack a store, a product or a quantity, latest first. missing is what they lack.
-- matching is the number of lines of all pages. Cancelled lines are left out.
-- @missing STRING = all of all|store|product|quantity: only lines that lack this
-- @limit INT64 = 100: maximum number of lines
-- @offset INT64 = 0: number of lines to skip
-- reads: visible_lines
WITH
lines AS (
  SELECT
    region,
    sale_id,
    line_key,
    sale_date,
    store_id,
    product,
    product_name,
    quantity,
    net_amount,
    currency,
    TRIM(
      CONCAT(
        IF(store_id IS NULL, 'store ', ''), IF(product IS NULL, 'product ', ''), IF(quantity IS NULL, 'quantity', '')
      )
    ) AS missing
  FROM visible_lines
  WHERE is_active
),
final AS (
  SELECT lines.*, COUNT(*) OVER () AS matching
  FROM lines
  WHERE missing <> '' AND (@missing = 'all' OR STRPOS(missing, @missing) > 0)
)
SELECT * FROM final
ORDER BY sale_date DESC, region, sale_id, line_key
LIMIT @limit OFFSET @offset
