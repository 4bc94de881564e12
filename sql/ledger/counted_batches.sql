-- What counts after the settlement @number INT64: a row for each batch, with sums over its lines and those of its
-- corrections. They do not depend on the order of the rows or on the numbers that this warehouse gave to batches. The
-- distance of two hashes shows which content belongs to which sale.
SELECT
  batches.batch_id,
  batches.received_date,
  COUNT(sightings.content) AS line_count,
  COALESCE(SUM(CAST(sightings.sale AS NUMERIC)), 0) AS sales,
  COALESCE(SUM(CAST(sightings.content AS NUMERIC)), 0) AS contents,
  COALESCE(SUM(CAST(ABS(sightings.sale - sightings.content) AS NUMERIC)), 0) AS pairs,
  COALESCE(SUM(sightings.row_number), 0) AS places,
  COALESCE(SUM(sightings.fix_number), 0) AS fixes,
  COALESCE(SUM(sightings.source_version), 0) AS versions
FROM batches
LEFT JOIN sightings
  ON
    sightings.batch_no = batches.batch_no
    AND sightings.received_date = batches.received_date
    AND sightings.settlement_no <= @number
WHERE
  batches.batch_no = batches.root_no
  AND batches.settlement_no <= @number
  AND (batches.undone_no IS NULL OR batches.undone_no > @number)
GROUP BY batches.batch_id, batches.received_date
