-- The products whose ID or name contains a text, most lines first: choices for a filter.
-- @text STRING: text to search for, ignoring case
-- @limit INT64 = 20: maximum number of products
WITH
matches AS (
  SELECT
    product_id,
    MIN(product_name) AS product_name,
    COUNT(*) AS lines
  FROM visible_lines
  WHERE
    product_id IS NOT NULL
    AND (STRPOS(LOWER(product_id), LOWER(@text)) > 0 OR STRPOS(LOWER(product_name), LOWER(@text)) > 0)
  GROUP BY product_id
),
final AS (
  SELECT * FROM matches
)
SELECT * FROM final
ORDER BY lines DESC, product_id
LIMIT @limit
