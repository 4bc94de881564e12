-- The rows and amounts of each batch by currency: its accepted rows, whatever their outcome. Rows of a correction that a
-- replay includes belong to the replay.
-- - accepted: Number of the accepted rows; 0 if there are none
-- - currency: NULL if there are none
WITH
rows_of_batches AS (
  SELECT
    COALESCE(corrections.batch_no, sightings.batch_no) AS batch_no,
    sale_versions.currency,
    COUNT(*) AS accepted,
    CAST(SUM(sale_versions.net_amount) AS NUMERIC) AS net
  FROM sale_versions
  JOIN sightings ON sale_versions.key = sightings.key AND sale_versions.content = sightings.content
  LEFT JOIN batches AS corrections
    ON corrections.root_no = sightings.batch_no AND corrections.fix_number = sightings.fix_number
  GROUP BY COALESCE(corrections.batch_no, sightings.batch_no), sale_versions.currency
)
SELECT
  batches.batch_id,
  batches.kind,
  batches.received_date,
  batches.rows_read,
  rows_of_batches.currency,
  COALESCE(rows_of_batches.accepted, 0) AS accepted,
  rows_of_batches.net
FROM batches
LEFT JOIN rows_of_batches ON rows_of_batches.batch_no = batches.batch_no
