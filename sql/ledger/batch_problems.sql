-- The number of rejected rows of a batch, by their first problem.
-- @batch_id STRING: ID of the batch
WITH
ranked AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY code, column_name ORDER BY line_number) AS place
  FROM quarantine
  WHERE batch_id = @batch_id
),
final AS (
  SELECT
    code,
    column_name AS `column`,
    COUNT(*) AS `count`,
    MIN(line_number) AS first_line,
    MAX(IF(place = 1, value, NULL)) AS example
  FROM ranked
  GROUP BY code, column_name
)
SELECT * FROM final ORDER BY first_line, code
