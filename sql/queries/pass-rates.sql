-- The share of the rows of each data source that were accepted when they arrived, by day or week of receipt, oldest
-- first. Rows are counted before corrections, without blank and ignored rows; undone uploads are left out. pass_rate is
-- a fraction; NULL without rows. Of the filters, only region applies.
-- needs: see data quality
-- @period STRING = weekly of daily|weekly: the length of a period; weeks start on Monday
-- @first_day DATE = 0001-01-01: no uploads that were received earlier
-- @last_day DATE = 9999-12-31: no uploads that were received later
-- @source STRING = : only this data source; empty: all
-- reads: checked_uploads
WITH
periods AS (
  SELECT
    CASE @period
      WHEN 'daily' THEN received_date
      WHEN 'weekly' THEN DATE_TRUNC(received_date, ISOWEEK)
    END AS period_start,
    region,
    contract,
    rows_checked,
    rows_quarantined
  FROM checked_uploads
),
final AS (
  SELECT
    period_start,
    region,
    contract,
    COUNT(*) AS uploads,
    CAST(SUM(rows_checked) AS INT64) AS rows_checked,
    CAST(SUM(rows_checked - rows_quarantined) AS INT64) AS rows_accepted,
    CAST(SUM(rows_quarantined) AS INT64) AS rows_quarantined,
    SAFE_DIVIDE(
      CAST(SUM(rows_checked - rows_quarantined) AS NUMERIC), CAST(SUM(rows_checked) AS NUMERIC)
    ) AS pass_rate
  FROM periods
  GROUP BY period_start, region, contract
)
SELECT * FROM final
ORDER BY period_start, region, contract
