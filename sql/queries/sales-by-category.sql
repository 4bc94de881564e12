-- Sales by category, highest revenue first. category is NULL for the lines without a category.
-- lines includes every status; revenue and units leave out cancelled lines.
-- totals: revenue, units, lines, unconverted_lines
WITH
grouped AS (
  SELECT
    category,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM visible_sums
  GROUP BY category
),
final AS (
  SELECT
    grouped.*,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(SUM(revenue) OVER () AS NUMERIC)) AS revenue_share
  FROM grouped
)
SELECT * FROM final
ORDER BY revenue DESC, category
