-- The quarantined rows of a batch, in the order of the file.
-- @batch_id STRING: the batch
-- @code STRING: only rows whose first problem is this one; empty: all
-- @limit INT64: at most so many rows
-- @offset INT64: leave out so many first
SELECT row_number, line_number, fix_number, refused_by, raw, problems
FROM quarantine
WHERE batch_id = @batch_id AND (@code = '' OR code = @code)
ORDER BY row_number
LIMIT @limit OFFSET @offset
