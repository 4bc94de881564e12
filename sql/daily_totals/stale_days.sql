-- The days whose sums may be old: those of every sale that has changed since the last settlement in the sums.
-- Days of all lines of such a sale, as another line may represent it now. None if nothing is summed at all.
-- @settlement_no INT64: the last settlement in the sums
WITH
changed_lines AS (
  SELECT sale FROM sale_versions WHERE settlement_no > @settlement_no
  UNION ALL
  SELECT sale_versions.sale
  FROM sale_versions
  INNER JOIN listed_changes ON listed_changes.key = sale_versions.key
  WHERE listed_changes.settlement_no > @settlement_no
),
changed_sales AS (
  SELECT DISTINCT sale FROM changed_lines
),
final AS (
  SELECT DISTINCT sale_versions.sale_date
  FROM sale_versions
  INNER JOIN changed_sales ON changed_sales.sale = sale_versions.sale
)
SELECT * FROM final
ORDER BY sale_date
