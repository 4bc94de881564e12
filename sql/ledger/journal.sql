-- What the settlements from @first INT64 to @last INT64 did: a row for each batch that one of them added or undid.
-- A batch that was both added and undone has one row.
SELECT
  batch_id,
  batch_no,
  batch_no = root_no AS is_root,
  settlement_no,
  COALESCE(undone_no, 0) AS undone_no
FROM batches
WHERE settlement_no BETWEEN @first AND @last
  OR undone_no BETWEEN @first AND @last
ORDER BY batch_no
