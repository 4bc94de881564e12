-- Sales by category, highest revenue first. category is NULL for the lines without a category.
-- lines includes every status; revenue and units leave out cancelled lines.
-- totals: revenue, units, lines, unconverted_lines
-- measures of grouped_sales: revenue, units, lines, unconverted_lines
-- dimensions of grouped_sales: category
-- reads: grouped_sales
-- amounts: converted
WITH
final AS (
  SELECT
    grouped_sales.*,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(SUM(revenue) OVER () AS NUMERIC)) AS revenue_share
  FROM grouped_sales
)
SELECT * FROM final
ORDER BY revenue DESC, category
