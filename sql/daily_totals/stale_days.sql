-- The days whose daily totals may be out of date: all days of all sales that changed after the last settlement included
-- in the totals, because another line may represent such a sale now. No rows if there are no daily totals yet.
-- @settlement_no INT64: last settlement included in the daily totals
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
