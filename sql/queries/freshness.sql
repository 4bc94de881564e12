-- How current the figures of each region are: first and last day, number of lines, and last settlement.
-- reads: settlements, visible_batches, visible_sums
WITH
regions AS (
  SELECT
    region,
    CAST(SUM(lines) AS INT64) AS lines,
    MIN(sale_date) AS first_sale_date,
    MAX(sale_date) AS last_sale_date
  FROM visible_sums
  GROUP BY region
),
deliveries AS (
  SELECT
    visible_batches.region,
    COUNTIF(visible_batches.batch_no = visible_batches.root_no) AS batches,
    MAX(settlements.settled_at) AS last_settled_at
  FROM visible_batches
  LEFT JOIN settlements ON settlements.settlement_no = visible_batches.settlement_no
  WHERE visible_batches.undone_no IS NULL
  GROUP BY visible_batches.region
),
final AS (
  SELECT
    regions.region,
    regions.lines,
    regions.first_sale_date,
    regions.last_sale_date,
    COALESCE(deliveries.batches, 0) AS batches,
    deliveries.last_settled_at
  FROM regions
  LEFT JOIN deliveries ON deliveries.region = regions.region
)
SELECT * FROM final
ORDER BY region
