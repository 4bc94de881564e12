-- Rows of named_stock_levels whose product ID, name or supplier contains @text, or one of whose other codes or barcodes is
-- @text, ignoring case; all rows if @text is empty.
WITH
coded AS (
  SELECT DISTINCT product_id AS product FROM catalogue_codes WHERE LOWER(code) = LOWER(@text)
),
final AS (
  SELECT named_stock_levels.*
  FROM named_stock_levels
  LEFT JOIN coded ON coded.product = named_stock_levels.product
  WHERE
    @text = ''
    OR coded.product IS NOT NULL
    OR STRPOS(
      LOWER(
        CONCAT(
          named_stock_levels.product,
          ' ',
          named_stock_levels.product_name,
          ' ',
          COALESCE(named_stock_levels.supplier, '')
        )
      ),
      LOWER(@text)
    ) > 0
)
SELECT * FROM final
