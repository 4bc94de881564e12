-- What counts of the touched keys, on BigQuery: the steps that settle.bigquery.sql takes wherever it says weigh.
    -- `best`: the greatest sighting that counts, of each touched key. A sighting counts if it was accepted, is not undone,
    -- and is not left out by a greater whole statement. `told_at` and `place` are texts in the order of contents.
    CREATE OR REPLACE TEMP TABLE touched_versions AS
    SELECT key, content, is_current, sale, {store_day_number} AS store_day
    FROM (
      SELECT s.key, s.content, s.is_current, s.sale, {store_day_hex} AS store_day_hex
      FROM sale_versions AS s
      WHERE s.key IN (SELECT key FROM touched)
    );

    -- The same bytes read by two versions of their contract stand at one place: the later version speaks.
    CREATE OR REPLACE TEMP TABLE seen AS
    SELECT
      s.key, s.content, s.batch_no, s.source_version, b.source IN ('till', 'form') AS is_till, v.sale, v.store_day,
      v.key IS NOT NULL AND s.outcome <> 'quarantined' AND b.undone_no IS NULL AS is_alive,
      {told_at} AS told_at,
      {sighting_place} AS place
    FROM sightings AS s
    INNER JOIN batches AS b ON b.batch_no = s.batch_no
    LEFT JOIN touched_versions AS v ON v.key = s.key AND v.content = s.content
    WHERE s.key IN (SELECT key FROM touched);

    CREATE OR REPLACE TEMP TABLE best AS
    WITH statement AS (
      SELECT s.*, b.source IN ('till', 'form') AS is_till, {told_at} AS told_at
      FROM statements AS s
      INNER JOIN batches AS b ON b.batch_no = s.batch_no
      WHERE b.undone_no IS NULL
        AND (s.scope IN (SELECT sale FROM seen WHERE is_alive) OR s.scope IN (SELECT store_day FROM seen WHERE is_alive))
    ),
    hashed AS (
      SELECT
        s.batch_no, s.row_number, s.fix_number, s.refused_by = 'validation' AS is_open,
        {sale_hex} AS sale_hex, {store_day_hex} AS store_day_hex
      FROM refusals AS s
      WHERE s.batch_no IN (SELECT batch_no FROM statement)
      UNION ALL
      SELECT s.batch_no, s.row_number, s.fix_number, FALSE, CAST(NULL AS STRING), CAST(NULL AS STRING)
      FROM sightings AS s
      WHERE s.fix_number > 0 AND s.batch_no IN (SELECT batch_no FROM statement)
    ),
    latest AS (
      SELECT batch_no, is_open, sale_hex, store_day_hex
      FROM hashed
      WHERE TRUE
      QUALIFY ROW_NUMBER() OVER (PARTITION BY batch_no, row_number ORDER BY fix_number DESC) = 1
    ),
    still_open AS (
      SELECT batch_no, 'sale' AS whole, {sale_number} AS scope FROM latest WHERE is_open
      UNION ALL
      SELECT batch_no, 'store-day', {store_day_number} FROM latest WHERE is_open
    ),
    -- No row of a statement's scope may still be refused by validation. A refused row of a file that names no scope may be
    -- of any; an unreadable message is none of its neighbours' business.
    silent AS (
      SELECT DISTINCT t.batch_no, t.scope, t.whole
      FROM statement AS t
      INNER JOIN still_open AS o ON o.batch_no = t.batch_no AND o.whole = t.whole
      WHERE o.scope = t.scope OR (o.scope IS NULL AND NOT t.is_till)
    ),
    telling AS (
      SELECT t.*
      FROM statement AS t
      LEFT JOIN silent AS x ON x.batch_no = t.batch_no AND x.scope = t.scope AND x.whole = t.whole
      WHERE x.batch_no IS NULL
    ),
    reached AS (
      SELECT a.key, a.batch_no, a.place, t.batch_no AS telling_no, t.source_version
      FROM seen AS a INNER JOIN telling AS t ON t.scope = a.sale
      WHERE t.whole = 'sale' AND a.is_alive AND t.told_at > a.told_at AND NOT (a.is_till AND NOT t.is_till)
      UNION ALL
      SELECT a.key, a.batch_no, a.place, t.batch_no, t.source_version
      FROM seen AS a INNER JOIN telling AS t ON t.scope = a.store_day
      WHERE t.whole = 'store-day' AND a.is_alive AND t.told_at > a.told_at AND NOT (a.is_till AND NOT t.is_till)
    ),
    -- The touched keys that each statement names, be it in a row that only the ledger refused.
    named AS (
      SELECT DISTINCT batch_no, key, source_version FROM seen
    ),
    left_out AS (
      SELECT DISTINCT r.key, r.batch_no, r.place
      FROM reached AS r
      LEFT JOIN named AS n ON n.batch_no = r.telling_no AND n.key = r.key AND n.source_version = r.source_version
      WHERE n.key IS NULL
    )
    SELECT a.key, a.content, a.is_till, a.source_version, a.place
    FROM seen AS a
    LEFT JOIN left_out AS x ON x.key = a.key AND x.batch_no = a.batch_no AND x.place = a.place
    WHERE a.is_alive AND x.key IS NULL
    QUALIFY ROW_NUMBER() OVER (PARTITION BY a.key ORDER BY a.place DESC, a.batch_no) = 1;
