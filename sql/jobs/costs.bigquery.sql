-- The jobs of BigQuery since @since by work and account: runs, errors, seconds, bytes billed and their list price.
SELECT
  work,
  who,
  account,
  COUNT(*) AS jobs,
  COUNTIF(error IS NOT NULL) AS errors,
  COUNTIF(is_cached) AS cached,
  ARRAY_AGG(seconds ORDER BY seconds)[OFFSET(DIV(COUNT(*) - 1, 2))] AS seconds_median,
  ARRAY_AGG(seconds ORDER BY seconds)[OFFSET(DIV((COUNT(*) - 1) * 19, 20))] AS seconds_p95,
  ROUND(SUM(slot_seconds), 1) AS slot_seconds,
  SUM(bytes_billed) AS bytes_billed,
  ROUND(SUM(usd), 4) AS usd
FROM bigquery_jobs
WHERE created_at >= @since
GROUP BY work, who, account
ORDER BY bytes_billed DESC, jobs DESC, work, who, account
