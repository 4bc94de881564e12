-- The rows of store sales by business day, region and store, latest day first: one row for each store and day, however
-- many micro-batches have its sales. Rows in quarantine whose day or store could not be read are left out.
-- needs: see uploads
-- @first DATE = 0001-01-01: no earlier days
-- @last DATE = 9999-12-31: no later days
-- @limit INT64 = 100: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: sightings, visible_batches, visible_refusals, visible_versions
WITH
roots AS (
  SELECT
    batch_no,
    received_seq
  FROM visible_batches
  WHERE batch_no = root_no AND kind = 'messages' AND undone_no IS NULL
),
accepted AS (
  SELECT
    visible_versions.region,
    visible_versions.store_id,
    visible_versions.sale_date,
    IF(visible_versions.is_current, visible_versions.sale, NULL) AS sale,
    sightings.batch_no,
    sightings.outcome
  FROM visible_versions
  INNER JOIN sightings
    ON sightings.key = visible_versions.key AND sightings.content = visible_versions.content
  WHERE
    sightings.outcome <> 'quarantined'
    AND sightings.sale_date BETWEEN @first AND @last
    AND visible_versions.sale_date BETWEEN @first AND @last
),
refused AS (
  SELECT
    refusals.region,
    refusals.store_id,
    refusals.sale_date,
    refusals.batch_no,
    refusals.outcome
  FROM visible_refusals AS refusals
  WHERE
    refusals.region IS NOT NULL
    AND refusals.store_id IS NOT NULL
    AND refusals.sale_date BETWEEN @first AND @last
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY refusals.batch_no, refusals.row_number
    ORDER BY refusals.fix_number DESC
  ) = 1
),
every_row AS (
  SELECT region, store_id, sale_date, sale, batch_no, outcome FROM accepted
  UNION ALL
  SELECT region, store_id, sale_date, NULL AS sale, batch_no, outcome FROM refused
),
final AS (
  SELECT
    every_row.sale_date,
    every_row.region,
    every_row.store_id,
    COUNT(DISTINCT every_row.sale) AS sales,
    COUNTIF(every_row.outcome = 'new') AS rows_new,
    COUNTIF(every_row.outcome = 'corrected') AS rows_corrected,
    COUNTIF(every_row.outcome = 'duplicate') AS rows_duplicate,
    COUNTIF(every_row.outcome = 'quarantined') AS rows_quarantined,
    COUNTIF(every_row.outcome = 'ignored') AS rows_discarded,
    COUNT(DISTINCT every_row.batch_no) AS batches,
    MAX(roots.received_seq) AS last_received_seq
  FROM every_row
  INNER JOIN roots ON roots.batch_no = every_row.batch_no
  GROUP BY every_row.sale_date, every_row.region, every_row.store_id
)
SELECT * FROM final
ORDER BY sale_date DESC, region, store_id
LIMIT @limit OFFSET @offset
