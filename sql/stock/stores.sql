-- Stores that sold, as of the daily totals, or are in the catalogue; name is NULL outside it.
WITH
versions AS (
  SELECT * FROM catalogue_stores
),
stores AS (
  SELECT DISTINCT region, store_id FROM versions
),
sold AS (
  SELECT DISTINCT region, store_id FROM day_sums WHERE store_id IS NOT NULL
),
final AS (
  SELECT region, store_id, name FROM versions WHERE valid_to IS NULL
  UNION ALL
  SELECT sold.region, sold.store_id, CAST(NULL AS STRING) AS name
  FROM sold
  LEFT JOIN stores ON stores.region = sold.region AND stores.store_id = sold.store_id
  WHERE stores.store_id IS NULL
)
SELECT * FROM final
