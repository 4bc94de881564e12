-- Rows of visible_stock_facts whose product ID, name or supplier contains @text, or one of whose other codes or barcodes is
-- @text, ignoring case; all rows if @text is empty.
-- reads: catalogue_codes, visible_stock_facts
WITH
coded AS (
  SELECT DISTINCT product_id AS product FROM catalogue_codes WHERE LOWER(code) = LOWER(@text)
),
final AS (
  SELECT visible_stock_facts.*
  FROM visible_stock_facts
  LEFT JOIN coded ON coded.product = visible_stock_facts.product
  WHERE
    @text = ''
    OR coded.product IS NOT NULL
    OR STRPOS(
      LOWER(
        CONCAT(
          visible_stock_facts.product,
          ' ',
          visible_stock_facts.product_name,
          ' ',
          COALESCE(visible_stock_facts.supplier, '')
        )
      ),
      LOWER(@text)
    ) > 0
)
SELECT * FROM final
