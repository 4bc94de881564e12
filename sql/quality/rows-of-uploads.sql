-- Each row of an upload is in its receipt once: rows read = new + corrected + duplicate + quarantined + blank +
-- ignored.
WITH
final AS (
  SELECT
    batch_id,
    region,
    file,
    rows_read,
    rows_new + rows_corrected + rows_duplicate + rows_quarantined + rows_blank + rows_ignored AS rows_in_summary
  FROM receipts
)
SELECT * FROM final WHERE rows_read <> rows_in_summary
