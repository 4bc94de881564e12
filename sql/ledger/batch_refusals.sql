-- The quarantined rows of a batch, in the order of the file.
-- @batch_id STRING: ID of the batch
-- @code STRING: only rows with this first problem; empty: all rows
-- @limit INT64: maximum number of rows
-- @offset INT64: number of rows to skip
SELECT row_number, line_number, fix_number, refused_by, raw, problems
FROM quarantine
WHERE batch_id = @batch_id AND (@code = '' OR code = @code)
ORDER BY row_number
LIMIT @limit OFFSET @offset
