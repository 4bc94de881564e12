-- The rows of each upload that failed a rule: what staging counted, and the rows that the ledger rejected.
-- reads: checked_uploads, refusals
SELECT
  batch_no,
  JSON_VALUE(problem, '$.code') AS code,
  JSON_VALUE(problem, '$.column') AS column_name,
  JSON_VALUE(problem, '$.severity') AS severity,
  CAST(JSON_VALUE(problem, '$.count') AS INT64) AS failed_rows
FROM checked_uploads
CROSS JOIN UNNEST(JSON_QUERY_ARRAY(checked_uploads.problems)) AS problem
UNION ALL
SELECT
  refusals.batch_no,
  refusals.code,
  refusals.column_name,
  'error' AS severity,
  COUNT(*) AS failed_rows
FROM refusals
INNER JOIN checked_uploads ON checked_uploads.batch_no = refusals.batch_no
WHERE refusals.fix_number = 0
  AND refusals.outcome = 'quarantined'
  AND refusals.refused_by = 'ledger'
  AND refusals.received_date BETWEEN @first_day AND @last_day
GROUP BY refusals.batch_no, refusals.code, refusals.column_name
