-- Stores by days: the versions of the catalogue, and one row for each store that sold and is not in the catalogue. Sales
-- of a region without a store have the row of the region whose store_id is NULL.
-- - store_key: Key of the version; fact_sales has that of the day of the sale
-- - is_current: TRUE for the version that is valid now
-- - in_catalogue: TRUE if the catalogue has the store
-- - name: Name of the store; its ID if it is not in the catalogue
-- - time_zone: IANA name of the time zone
-- - latitude: Latitude in degrees
-- - longitude: Longitude in degrees
-- - active: FALSE if the store is retired
-- - valid_from: First day of the version; NULL: from the beginning
-- - valid_to: First day after the version; NULL: it is valid now
CREATE OR REPLACE VIEW dim_store AS
WITH
versions AS (
  SELECT * FROM catalogue_stores
),
stores AS (
  SELECT DISTINCT region, store_id FROM catalogue_stores
),
sold AS (
  SELECT DISTINCT region, store_id FROM line_facts
),
others AS (
  SELECT sold.*
  FROM sold
  LEFT JOIN stores ON stores.region = sold.region AND stores.store_id = sold.store_id
  WHERE stores.store_id IS NULL
),
final AS (
  SELECT
    CONCAT(region, '|', store_id, '@', COALESCE(FORMAT_DATE('%Y-%m-%d', valid_from), '')) AS store_key,
    region,
    store_id,
    name,
    country,
    time_zone,
    currency,
    latitude,
    longitude,
    active,
    valid_from,
    valid_to,
    valid_to IS NULL AS is_current,
    TRUE AS in_catalogue
  FROM versions
  UNION ALL
  SELECT
    IF(store_id IS NULL, CONCAT(region, '|'), CONCAT(region, '|', store_id, '@')) AS store_key,
    region,
    store_id,
    store_id AS name,
    CAST(NULL AS STRING) AS country,
    CAST(NULL AS STRING) AS time_zone,
    CAST(NULL AS STRING) AS currency,
    CAST(NULL AS NUMERIC) AS latitude,
    CAST(NULL AS NUMERIC) AS longitude,
    TRUE AS active,
    CAST(NULL AS DATE) AS valid_from,
    CAST(NULL AS DATE) AS valid_to,
    TRUE AS is_current,
    FALSE AS in_catalogue
  FROM others
)
SELECT * FROM final
