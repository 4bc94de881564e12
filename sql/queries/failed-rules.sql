-- The rows of each data source that failed a rule when they arrived, by day or week of receipt, oldest first. A rule is a
-- problem of a column; a row that fails several rules is counted for each. pass_rate is the fraction of all rows of the
-- source and period that do not fail the rule. Of the filters, only region applies.
-- needs: see data quality
-- @period STRING = weekly of daily|weekly: the length of a period; weeks start on Monday
-- @first_day DATE = 0001-01-01: no uploads that were received earlier
-- @last_day DATE = 9999-12-31: no uploads that were received later
-- @source STRING = : only this data source; empty: all
-- reads: checked_uploads, failed_rules
WITH
periods AS (
  SELECT
    batch_no,
    region,
    contract,
    rows_checked,
    CASE @period
      WHEN 'daily' THEN received_date
      WHEN 'weekly' THEN DATE_TRUNC(received_date, ISOWEEK)
    END AS period_start
  FROM checked_uploads
),
checked AS (
  SELECT
    period_start,
    region,
    contract,
    CAST(SUM(rows_checked) AS INT64) AS rows_checked
  FROM periods
  GROUP BY period_start, region, contract
),
failed AS (
  SELECT
    periods.period_start,
    periods.region,
    periods.contract,
    failed_rules.code,
    failed_rules.column_name,
    failed_rules.severity,
    COUNT(DISTINCT failed_rules.batch_no) AS uploads,
    CAST(SUM(failed_rules.failed_rows) AS INT64) AS failed_rows
  FROM failed_rules
  INNER JOIN periods ON periods.batch_no = failed_rules.batch_no
  GROUP BY
    periods.period_start,
    periods.region,
    periods.contract,
    failed_rules.code,
    failed_rules.column_name,
    failed_rules.severity
),
final AS (
  SELECT
    failed.period_start,
    failed.region,
    failed.contract,
    failed.code,
    failed.column_name AS `column`,
    failed.severity,
    failed.uploads,
    failed.failed_rows,
    checked.rows_checked,
    SAFE_DIVIDE(
      CAST(checked.rows_checked - failed.failed_rows AS NUMERIC), CAST(checked.rows_checked AS NUMERIC)
    ) AS pass_rate
  FROM failed
  INNER JOIN checked
    ON checked.period_start = failed.period_start
    AND checked.region = failed.region
    AND checked.contract = failed.contract
)
SELECT * FROM final
ORDER BY period_start, region, contract, failed_rows DESC, code, `column`
