-- The rows still refused of one batch, in the order of the file, page by page.
-- needs: see uploads
-- @batch_id STRING: the batch
-- @limit INT64 = 1000: at most so many rows
-- @offset INT64 = 0: leave out so many first
WITH
batch AS (
  SELECT batch_id FROM visible_batches WHERE batch_id = @batch_id
),
final AS (
  SELECT
    quarantine.batch_id,
    quarantine.row_number,
    quarantine.line_number,
    quarantine.fix_number,
    quarantine.refused_by,
    quarantine.raw,
    quarantine.problems
  FROM quarantine
  INNER JOIN batch ON batch.batch_id = quarantine.batch_id
)
SELECT * FROM final
ORDER BY row_number
LIMIT @limit OFFSET @offset
