-- Stores that sold or are in the catalogue; name is NULL outside it.
WITH
final AS (
  SELECT region, store_id, IF(in_catalogue, name, NULL) AS name
  FROM dim_store
  WHERE is_current AND store_id IS NOT NULL
)
SELECT * FROM final
