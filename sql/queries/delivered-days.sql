-- The number of current lines by day, contract and store, and when the first file with such a line was received
-- (microseconds since 1970). mismatched_lines counts the lines of files in which a line total differs from quantity ×
-- price. Days are filtered by from and to.
-- needs: see uploads
-- reads: batches, sightings, visible_versions
WITH
roots AS (
  SELECT
    batch_no,
    source,
    contract,
    received_seq,
    -- the list is of few codes and columns; no way to search JSON works on both engines
    COALESCE('line-total-mismatch' IN (
      JSON_VALUE(problems, '$[0].code'),
      JSON_VALUE(problems, '$[1].code'),
      JSON_VALUE(problems, '$[2].code'),
      JSON_VALUE(problems, '$[3].code'),
      JSON_VALUE(problems, '$[4].code'),
      JSON_VALUE(problems, '$[5].code'),
      JSON_VALUE(problems, '$[6].code'),
      JSON_VALUE(problems, '$[7].code'),
      JSON_VALUE(problems, '$[8].code'),
      JSON_VALUE(problems, '$[9].code'),
      JSON_VALUE(problems, '$[10].code'),
      JSON_VALUE(problems, '$[11].code')
    ), FALSE) AS is_mismatched
  FROM batches
  WHERE batch_no = root_no AND undone_no IS NULL
),
sighted_lines AS (
  SELECT
    sightings.batch_no,
    visible_versions.key,
    visible_versions.region,
    visible_versions.store_id,
    visible_versions.sale_date
  FROM visible_versions
  INNER JOIN sightings
    ON sightings.key = visible_versions.key AND sightings.content = visible_versions.content
  WHERE visible_versions.is_current AND sightings.outcome <> 'quarantined'
),
final AS (
  SELECT
    sighted_lines.region,
    roots.contract,
    roots.source,
    sighted_lines.store_id,
    sighted_lines.sale_date,
    COUNT(DISTINCT sighted_lines.key) AS lines,
    COUNT(DISTINCT IF(roots.is_mismatched, sighted_lines.key, NULL)) AS mismatched_lines,
    MIN(roots.received_seq) AS first_received_seq
  FROM sighted_lines
  INNER JOIN roots ON roots.batch_no = sighted_lines.batch_no
  GROUP BY sighted_lines.region, roots.contract, roots.source, sighted_lines.store_id, sighted_lines.sale_date
)
SELECT * FROM final
ORDER BY region, sale_date, store_id, contract, source
