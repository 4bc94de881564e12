-- Every row of a file or message that contained a line of one sale, including rows that are undone.
-- needs: see uploads
-- @region STRING: region of the sale
-- @sale_id STRING: ID of the sale
-- reads: settlements, sightings, visible_batches, visible_versions
WITH
versions AS (
  SELECT key, content, line_key
  FROM visible_versions
  WHERE region = @region AND sale_id = @sale_id
),
final AS (
  SELECT
    versions.line_key,
    versions.content,
    visible_batches.batch_id,
    visible_batches.file,
    visible_batches.kind,
    visible_batches.source,
    sightings.row_number,
    sightings.line_number,
    sightings.fix_number,
    sightings.source_version,
    sightings.outcome,
    sightings.superseded,
    sightings.settlement_no,
    settled.settled_at,
    visible_batches.undone_no,
    undone.settled_at AS undone_at
  FROM versions
  INNER JOIN sightings ON sightings.key = versions.key AND sightings.content = versions.content
  INNER JOIN visible_batches ON visible_batches.batch_no = sightings.batch_no
  LEFT JOIN settlements AS settled ON settled.settlement_no = sightings.settlement_no
  LEFT JOIN settlements AS undone ON undone.settlement_no = visible_batches.undone_no
)
SELECT * FROM final
ORDER BY line_key, settlement_no, batch_id, row_number, fix_number
