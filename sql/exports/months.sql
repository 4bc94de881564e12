-- The months of each region in which there ever were lines.
SELECT DISTINCT region, FORMAT_DATE('%Y-%m', sale_date) AS month
FROM sale_versions
ORDER BY region, month
