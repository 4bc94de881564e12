-- The batches that settlements from one on added or undid, and batches by ID: to compare with their records.
-- @first INT64: the first settlement
-- @ids ARRAY<STRING>: further batches
SELECT
  batches.batch_id,
  batches.kind,
  batches.region,
  batches.contract,
  batches.contract_version,
  batches.file,
  batches.sha256,
  batches.received_seq,
  batches.as_new,
  batches.fix_number,
  batches.parent,
  batches.confirmed,
  batches.rows_read,
  batches.rows_blank,
  batches.rows_ignored,
  batches.problems,
  batches.settlement_no,
  batches.undone_no,
  batches.writers,
  settlements.settled_at
FROM batches
LEFT JOIN settlements ON settlements.settlement_no = batches.settlement_no
WHERE
  batches.settlement_no >= @first OR batches.undone_no >= @first OR batches.batch_id IN UNNEST(@ids)
ORDER BY batches.batch_no
