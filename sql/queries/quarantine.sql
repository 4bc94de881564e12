-- The rows of one batch that are still rejected, in the order of the file.
-- needs: see uploads
-- @batch_id STRING: ID of the batch
-- @limit INT64 = 1000: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: quarantine, visible_batches
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
