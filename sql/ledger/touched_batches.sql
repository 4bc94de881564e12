-- The batches that settlements after @after INT64 up to @last INT64 added, corrected or undid: a correction counts as its
-- upload.
SELECT DISTINCT
  roots.batch_id,
  roots.received_date
FROM batches
INNER JOIN batches AS roots ON roots.batch_no = batches.root_no
WHERE (batches.settlement_no > @after AND batches.settlement_no <= @last)
  OR (batches.undone_no > @after AND batches.undone_no <= @last)
