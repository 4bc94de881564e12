-- The versions of the stores of the catalogue with the days of sales that they are for: the first version is also for
-- earlier days.
-- - store_key: Key of the version in dim_store
-- - first_day: First day of the version
-- - next_day: First day after the version
CREATE OR REPLACE VIEW store_versions AS
WITH
versions AS (
  SELECT * FROM catalogue_stores
),
final AS (
  SELECT
    region,
    store_id,
    CONCAT(region, '|', store_id, '@', COALESCE(FORMAT_DATE('%Y-%m-%d', valid_from), '')) AS store_key,
    IF(
      ROW_NUMBER() OVER (PARTITION BY region, store_id ORDER BY COALESCE(valid_from, DATE '0001-01-01')) = 1,
      DATE '0001-01-01',
      valid_from
    ) AS first_day,
    COALESCE(
      LEAD(valid_from) OVER (PARTITION BY region, store_id ORDER BY COALESCE(valid_from, DATE '0001-01-01')),
      DATE '9999-12-31'
    ) AS next_day
  FROM versions
)
SELECT * FROM final
