-- What counts after the settlement @number INT64: a row for each batch, with sums over its lines and those of its
-- corrections. They do not depend on the order of the rows or on the numbers that this warehouse gave to batches. The
-- distance of two hashes shows which content belongs to which sale.
WITH
sums AS (
  -- before the join: a join of all lines needs more memory than a small machine has
  SELECT
    batch_no,
    COUNT(*) AS line_count,
    SUM(CAST(sale AS NUMERIC)) AS sales,
    SUM(CAST(content AS NUMERIC)) AS contents,
    SUM(CAST(ABS(sale - content) AS NUMERIC)) AS pairs,
    SUM(row_number) AS places,
    SUM(fix_number) AS fixes,
    SUM(source_version) AS versions
  FROM sightings
  WHERE settlement_no <= @number
  GROUP BY batch_no
)
SELECT
  batches.batch_id,
  batches.received_date,
  COALESCE(sums.line_count, 0) AS line_count,
  COALESCE(sums.sales, 0) AS sales,
  COALESCE(sums.contents, 0) AS contents,
  COALESCE(sums.pairs, 0) AS pairs,
  COALESCE(sums.places, 0) AS places,
  COALESCE(sums.fixes, 0) AS fixes,
  COALESCE(sums.versions, 0) AS versions
FROM batches
LEFT JOIN sums ON sums.batch_no = batches.batch_no
WHERE
  batches.batch_no = batches.root_no
  AND batches.settlement_no <= @number
  AND (batches.undone_no IS NULL OR batches.undone_no > @number)
