-- The rows of a batch that are not in the ledger, as staged: for `rebuild --check`.
-- @root_no INT64: number of the upload
-- @settlement_no INT64: number of the settlement of the batch
-- @fix_number INT64: number of a correction; -1: the upload itself, with the corrections that a replay includes
-- @numbered BOOL: not used
SELECT
  row_number,
  line_number,
  fix_number,
  outcome,
  refused_by,
  raw,
  code,
  column_name,
  value,
  problems,
  region,
  sale_id,
  store_id,
  sale_date
FROM refusals
WHERE batch_no = @root_no AND settlement_no = @settlement_no AND refused_by <> 'ledger'
  AND (@fix_number = -1 OR fix_number = @fix_number)
  AND (@numbered OR NOT @numbered)
ORDER BY row_number
