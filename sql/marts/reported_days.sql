-- Every day of every store, from the first day with a sale to the last day of its region: shows missing days. A day
-- without a line may be a holiday or a missing file; the portal uses the schedules of the contracts to distinguish them.
-- - is_reported: TRUE if there is a line of this day
CREATE OR REPLACE VIEW reported_days AS
WITH
store_days AS (
  SELECT
    region,
    store_id,
    sale_date,
    COUNT(*) AS lines
  FROM line_facts
  GROUP BY region, store_id, sale_date
),
regions AS (
  SELECT region, MAX(sale_date) AS last_day FROM store_days GROUP BY region
),
stores AS (
  SELECT
    region,
    store_id,
    MIN(sale_date) AS first_day
  FROM store_days
  GROUP BY region, store_id
),
days AS (
  SELECT
    region,
    store_id,
    sale_date,
    lines
  FROM store_days
  UNION ALL
  SELECT
    stores.region,
    stores.store_id,
    dim_date.sale_date,
    0 AS lines
  FROM stores
  INNER JOIN regions ON regions.region = stores.region
  INNER JOIN dim_date ON dim_date.sale_date >= stores.first_day AND dim_date.sale_date <= regions.last_day
),
final AS (
  SELECT
    region,
    store_id,
    sale_date,
    CAST(SUM(lines) AS INT64) AS lines,
    SUM(lines) > 0 AS is_reported
  FROM days
  GROUP BY region, store_id, sale_date
)
SELECT * FROM final
