-- The distinct contents of sale lines with their latest flags, on BigQuery: the columns of the table sale_versions of
-- DuckDB. Rows of stored_versions are only added; a change of is_current or leads is a row of version_flags, and the one
-- with the greatest settlement_no applies.
CREATE OR REPLACE VIEW sale_versions AS
WITH
latest_flags AS (
  SELECT sale_date, key, content, MAX_BY(is_current, settlement_no) AS is_current, MAX_BY(leads, settlement_no) AS leads
  FROM version_flags
  GROUP BY sale_date, key, content
)
SELECT
  stored_versions.* REPLACE (
    COALESCE(latest_flags.is_current, stored_versions.is_current) AS is_current,
    COALESCE(latest_flags.leads, stored_versions.leads) AS leads
  )
FROM stored_versions
LEFT JOIN latest_flags
  ON latest_flags.sale_date = stored_versions.sale_date
  AND latest_flags.key = stored_versions.key
  AND latest_flags.content = stored_versions.content
