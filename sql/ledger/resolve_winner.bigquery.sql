-- The winning sighting of each affected key, on BigQuery: the steps that replace `resolve_winner` in
-- settle.bigquery.sql.
    -- `winning_observation`: the greatest sighting that counts, of each affected key. A sighting counts if it was accepted, is
    -- not undone, and is not superseded by a later complete statement. `precedence` and `place` sort as text.
    CREATE OR REPLACE TEMP TABLE affected_versions AS
    SELECT key, content, is_current, sale, {store_day_number} AS store_day
    FROM (
      SELECT s.key, s.content, s.is_current, s.sale, {store_day_hex} AS store_day_hex
      FROM sale_versions AS s
      WHERE s.key IN (SELECT key FROM affected_keys)
    );

    -- Identical bytes share one place; the later contract version wins.
    CREATE OR REPLACE TEMP TABLE observations AS
    SELECT
      s.key, s.content, s.batch_no, s.source_version, b.source IN ('till', 'form') AS is_till, v.sale, v.store_day,
      v.key IS NOT NULL AND s.outcome <> 'quarantined' AND b.undone_no IS NULL AS is_live,
      {precedence} AS precedence,
      {sighting_place} AS place
    FROM sightings AS s
    INNER JOIN batches AS b ON b.batch_no = s.batch_no
    LEFT JOIN affected_versions AS v ON v.key = s.key AND v.content = s.content
    WHERE s.key IN (SELECT key FROM affected_keys);

    CREATE OR REPLACE TEMP TABLE winning_observation AS
    WITH statement AS (
      SELECT s.*, b.source IN ('till', 'form') AS is_till, {precedence} AS precedence
      FROM statements AS s
      INNER JOIN batches AS b ON b.batch_no = s.batch_no
      WHERE b.undone_no IS NULL
        AND (s.scope IN (SELECT sale FROM observations WHERE is_live) OR s.scope IN (SELECT store_day FROM observations WHERE is_live))
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
    -- No row of a statement's scope may still be rejected by validation. A rejected row of a file without a scope may belong to
    -- any; an unreadable message does not block the other sales of its batch.
    incomplete_statements AS (
      SELECT DISTINCT t.batch_no, t.scope, t.whole
      FROM statement AS t
      INNER JOIN still_open AS o ON o.batch_no = t.batch_no AND o.whole = t.whole
      WHERE o.scope = t.scope OR (o.scope IS NULL AND NOT t.is_till)
    ),
    active_statements AS (
      SELECT t.*
      FROM statement AS t
      LEFT JOIN incomplete_statements AS x ON x.batch_no = t.batch_no AND x.scope = t.scope AND x.whole = t.whole
      WHERE x.batch_no IS NULL
    ),
    in_scope AS (
      SELECT a.key, a.batch_no, a.place, t.batch_no AS statement_no, t.source_version
      FROM observations AS a INNER JOIN active_statements AS t ON t.scope = a.sale
      WHERE t.whole = 'sale' AND a.is_live AND t.precedence > a.precedence AND NOT (a.is_till AND NOT t.is_till)
      UNION ALL
      SELECT a.key, a.batch_no, a.place, t.batch_no, t.source_version
      FROM observations AS a INNER JOIN active_statements AS t ON t.scope = a.store_day
      WHERE t.whole = 'store-day' AND a.is_live AND t.precedence > a.precedence AND NOT (a.is_till AND NOT t.is_till)
    ),
    -- The affected keys that each statement contains, including rows that only the ledger rejected.
    stated_keys AS (
      SELECT DISTINCT batch_no, key, source_version FROM observations
    ),
    superseded AS (
      SELECT DISTINCT r.key, r.batch_no, r.place
      FROM in_scope AS r
      LEFT JOIN stated_keys AS n ON n.batch_no = r.statement_no AND n.key = r.key AND n.source_version = r.source_version
      WHERE n.key IS NULL
    )
    SELECT a.key, a.content, a.is_till, a.source_version, a.place
    FROM observations AS a
    LEFT JOIN superseded AS x ON x.key = a.key AND x.batch_no = a.batch_no AND x.place = a.place
    WHERE a.is_live AND x.key IS NULL
    QUALIFY ROW_NUMBER() OVER (PARTITION BY a.key ORDER BY a.place DESC, a.batch_no) = 1;
