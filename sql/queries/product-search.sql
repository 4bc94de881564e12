-- The products whose ID, code or name contains a text, most lines first: choices for a filter. A product is that of the
-- catalogue, with its latest name there; otherwise its ID and name are those of the sources. lines counts the lines
-- whose own ID or name contains the text, or all lines of a product of the catalogue whose code or name does.
-- @text STRING: text to search for, ignoring case
-- @limit INT64 = 20: maximum number of products
-- reads: catalogue_names, visible_lines
WITH
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
named AS (
  SELECT code
  FROM names
  WHERE STRPOS(LOWER(code), LOWER(@text)) > 0 OR STRPOS(LOWER(name), LOWER(@text)) > 0
),
grouped AS (
  SELECT
    product AS product_id,
    MIN(product_name) AS product_name,
    COUNT(*) AS lines
  FROM visible_lines
  WHERE
    product_id IS NOT NULL
    AND (
      STRPOS(LOWER(product_id), LOWER(@text)) > 0
      OR STRPOS(LOWER(product_name), LOWER(@text)) > 0
      OR product IN (SELECT code FROM named)
    )
  GROUP BY product
),
final AS (
  SELECT
    grouped.product_id,
    COALESCE(names.name, grouped.product_name) AS product_name,
    grouped.lines
  FROM grouped
  LEFT JOIN names ON names.code = grouped.product_id
)
SELECT * FROM final
ORDER BY lines DESC, product_id
LIMIT @limit
