-- The products whose id or name holds a text, those with the most lines first; to choose one for a filter.
-- @text STRING: the text to search for; capitals do not matter
-- @limit INT64 = 20: at most so many products
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
