-- One row for each finished job of BigQuery in the project, for 180 days: its work, its account, its time, its bytes and
-- their list price. The statements of a script are part of the script. Reading it needs bigquery.jobs.listAll.
-- - work: what the job was for, as Tillstream labels it, such as settle; own query for queries without a label
-- - who: function, job, portal, command line, program, or analyst: a person with a query of their own
-- - account: the function, job or portal; else the e-mail address
WITH
jobs AS (
  SELECT
    job_id,
    creation_time,
    start_time,
    end_time,
    job_type,
    user_email,
    error_result.reason AS error,
    COALESCE(cache_hit, FALSE) AS is_cached,
    COALESCE(total_slot_ms, 0) AS slot_milliseconds,
    COALESCE(total_bytes_billed, 0) AS bytes_billed,
    REGEXP_EXTRACT(user_email, r'^tillstream-([a-z-]+)@.*gserviceaccount[.]com$') AS service,
    (SELECT MAX(label.value) FROM UNNEST(labels) AS label WHERE label.key = 'app') AS app,
    (SELECT MAX(label.value) FROM UNNEST(labels) AS label WHERE label.key = 'work') AS work
  FROM `region-{region}`.INFORMATION_SCHEMA.JOBS_BY_PROJECT
  WHERE state = 'DONE'
    AND parent_job_id IS NULL
),
final AS (
  SELECT
    job_id,
    creation_time AS created_at,
    COALESCE(work, IF(job_type = 'QUERY', 'own query', LOWER(job_type))) AS work,
    CASE
      WHEN service = 'portal' THEN 'portal'
      WHEN service IN ({jobs}) THEN 'job'
      WHEN service IS NOT NULL THEN 'function'
      WHEN app = 'tillstream' THEN 'command line'
      WHEN ENDS_WITH(user_email, 'gserviceaccount.com') THEN 'program'
      ELSE 'analyst'
    END AS who,
    COALESCE(service, user_email) AS account,
    error,
    is_cached,
    TIMESTAMP_DIFF(start_time, creation_time, MILLISECOND) / 1000 AS seconds_queued,
    TIMESTAMP_DIFF(end_time, creation_time, MILLISECOND) / 1000 AS seconds,
    slot_milliseconds / 1000 AS slot_seconds,
    bytes_billed,
    bytes_billed / POW(2, 40) * {usd_per_tib} AS usd
  FROM jobs
)
SELECT * FROM final
