-- The uploads with rows that failed a rule when they arrived, the last received first.
-- needs: see data quality
-- @code STRING: code of the problem
-- @column STRING = : column of the problem; empty: without a column
-- @first_day DATE = 0001-01-01: no uploads that were received earlier
-- @last_day DATE = 9999-12-31: no uploads that were received later
-- @source STRING = : only this data source; empty: all
-- @limit INT64 = 100: maximum number of uploads
-- @offset INT64 = 0: number of uploads to skip
-- reads: checked_uploads, failed_rules
WITH
final AS (
  SELECT
    checked_uploads.batch_id,
    checked_uploads.region,
    checked_uploads.contract,
    checked_uploads.file,
    checked_uploads.received_date,
    checked_uploads.received_seq,
    CAST(SUM(failed_rules.failed_rows) AS INT64) AS failed_rows,
    checked_uploads.rows_checked
  FROM failed_rules
  INNER JOIN checked_uploads ON checked_uploads.batch_no = failed_rules.batch_no
  WHERE failed_rules.code = @code AND COALESCE(failed_rules.column_name, '') = @column
  GROUP BY
    checked_uploads.batch_id,
    checked_uploads.region,
    checked_uploads.contract,
    checked_uploads.file,
    checked_uploads.received_date,
    checked_uploads.received_seq,
    checked_uploads.rows_checked
)
SELECT * FROM final
ORDER BY received_seq DESC, batch_id
LIMIT @limit OFFSET @offset
