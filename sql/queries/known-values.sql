-- The values of one column in the sales, most frequent first: suggestions for a rejected cell.
-- needs: see personal columns
-- @column STRING = store of store|product|salesperson|category|channel|country|currency: the column
-- @limit INT64 = 2000: maximum number of values
-- reads: visible_lines
WITH
named AS (
  SELECT
    CASE @column
      WHEN 'product' THEN product_id
      WHEN 'salesperson' THEN salesperson_id
      WHEN 'category' THEN category
      WHEN 'channel' THEN channel
      WHEN 'country' THEN country
      WHEN 'currency' THEN currency
      ELSE store_id
    END AS value,
    IF(@column = 'product', product_name, NULL) AS name
  FROM visible_lines
),
final AS (
  SELECT value, MIN(name) AS name, COUNT(*) AS lines
  FROM named
  WHERE value IS NOT NULL
  GROUP BY value
)
SELECT * FROM final
ORDER BY lines DESC, value
LIMIT @limit
