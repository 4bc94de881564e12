-- Uploads and micro-batches of store sales that were received from @first_day to @last_day and not undone, with their
-- rows as they arrived: before corrections, and without blank and ignored rows. For users limited to stores, only
-- uploads without rows of other stores.
-- reads: refusals, whole_batches
SELECT
  batches.batch_no,
  batches.batch_id,
  batches.region,
  batches.contract,
  batches.file,
  batches.received_date,
  batches.received_seq,
  batches.problems,
  batches.rows_read - batches.rows_blank - batches.rows_ignored - COALESCE(refused.rows_ignored, 0) AS rows_checked,
  COALESCE(refused.rows_quarantined, 0) AS rows_quarantined
FROM whole_batches AS batches
LEFT JOIN (
  SELECT
    batch_no,
    COUNTIF(outcome = 'quarantined') AS rows_quarantined,
    COUNTIF(outcome = 'ignored') AS rows_ignored
  FROM refusals
  WHERE fix_number = 0 AND received_date BETWEEN @first_day AND @last_day
  GROUP BY batch_no
) AS refused ON refused.batch_no = batches.batch_no
WHERE batches.batch_no = batches.root_no
  AND batches.undone_no IS NULL
  AND batches.received_date BETWEEN @first_day AND @last_day
  AND (@source = '' OR batches.contract = @source)
