-- The products whose ID, code or name contains a text, most lines first: choices for a filter. A product is that of the
-- catalogue, with its latest name there; otherwise its ID and name are those of the sources.
-- @text STRING: text to search for, ignoring case
-- @limit INT64 = 20: maximum number of products
WITH
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
grouped AS (
  SELECT
    product AS product_id,
    MIN(product_name) AS product_name,
    CAST(SUM(lines) AS INT64) AS lines,
    LOGICAL_OR(
      STRPOS(LOWER(product_id), LOWER(@text)) > 0 OR COALESCE(STRPOS(LOWER(product_name), LOWER(@text)) > 0, FALSE)
    ) AS is_match
  FROM visible_product_sums
  WHERE product_id IS NOT NULL
  GROUP BY product
),
final AS (
  SELECT
    grouped.product_id,
    COALESCE(names.name, grouped.product_name) AS product_name,
    grouped.lines
  FROM grouped
  LEFT JOIN names ON names.code = grouped.product_id
  WHERE
    grouped.is_match
    OR STRPOS(LOWER(grouped.product_id), LOWER(@text)) > 0
    OR STRPOS(LOWER(names.name), LOWER(@text)) > 0
)
SELECT * FROM final
ORDER BY lines DESC, product_id
LIMIT @limit
