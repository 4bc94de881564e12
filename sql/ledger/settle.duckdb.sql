-- Commits one wave of staged batches to the ledger, on DuckDB. Statements have names;
-- `ledger/settling.py` runs them inside the settlement's transaction. A wave is one file, correction or
-- replay, or micro-batches that share no sale. Temporary tables: incoming_batches (one row per batch of the wave),
-- incoming_files (address, batch_no), affected_keys (key), transitions (seq, key, old, new: from which content to
-- which). The variable `accepted` lists the addresses of the accepted rows of the wave; `oldest` is a settlement before
-- which the ledger has no rows of the sales that can change, so that steps skip the row groups before it.

-- name: staged
-- The accepted rows of the wave as they were staged, with the number of their batch.
CREATE OR REPLACE TEMP VIEW staged AS
SELECT s.*, CAST(f.batch_no AS INTEGER) AS own_no
FROM read_parquet(getvariable('accepted'), filename = true) AS s
JOIN incoming_files AS f ON f.address = s.filename;

-- name: keep_staged
-- The same as a table, which is faster for few rows.
CREATE OR REPLACE TEMP TABLE kept_staged AS FROM staged;
CREATE OR REPLACE TEMP VIEW staged AS FROM kept_staged;

-- name: staged_lines
-- Every accepted row of the wave, narrow: its key, the hash of its content and its place in the order. Each step reads
-- the columns that it needs from the staged files.
CREATE OR REPLACE TEMP VIEW staged_lines AS
SELECT
  s.own_no,
  s.row_number,
  s.line_number,
  CAST(s.fix_number AS INTEGER) AS fix_number,
  s.accepted,
  COALESCE(s.source_version, 0) AS source_version,
  s.received_seq,
  s.sale,
  s.sale_date,
  s.content,
  {key} AS key,
  s.line_key IS NULL AS numbered_here,
  {order_group_key} AS order_group_key,
  CAST(1 AS INTEGER) AS n
FROM staged AS s;

-- name: keep_staged_lines
-- The same as a table: faster for few rows, and needed to give rows another key.
CREATE OR REPLACE TEMP TABLE kept_lines AS FROM staged_lines;
CREATE OR REPLACE TEMP VIEW staged_lines AS FROM kept_lines;

-- name: no_staged_lines
CREATE OR REPLACE TEMP VIEW staged_lines AS SELECT CAST(NULL AS UHUGEINT) AS key WHERE FALSE;

-- name: batch_lines
-- The staged lines with the attributes of their batch: its root, its side, its place in time.
CREATE OR REPLACE TEMP VIEW batch_lines AS
SELECT
  a.*, i.root_no AS batch_no, i.received_date, i.is_till, COALESCE(a.received_seq, i.place_seq) AS place,
  CAST(a.accepted OR i.rules = IF(i.is_till, 'till', 'file') AS BIGINT) AS rank,
  CAST(i.rules = IF(i.is_till, 'till', 'file') AS BIGINT) AS rank_of_batch
FROM staged_lines AS a JOIN incoming_batches AS i ON i.batch_no = a.own_no;

-- name: add_batch_days
INSERT INTO batch_days BY NAME
SELECT DISTINCT batch_no, received_date, sale_date, $settlement_no AS settlement_no FROM batch_lines;

-- name: repeated_products
-- Sales that name a product more than once without a line number of the source: the n-th by content gets #n.
-- Without a correction, every row starts as #1 (see `staged_lines`), so only the others need a new key.
CREATE OR REPLACE TEMP TABLE renumbered AS
WITH repeated AS (
  SELECT own_no, key, source_version FROM staged_lines WHERE numbered_here GROUP BY ALL HAVING COUNT(*) > 1
),
candidates AS (
  SELECT a.own_no, a.row_number, a.source_version, a.key
  FROM staged_lines AS a SEMI JOIN repeated USING (own_no, key, source_version)
  WHERE a.numbered_here
),
ordered_lines AS (
  SELECT
    c.own_no,
    c.row_number,
    s.region,
    s.sale_id,
    {product} AS product,
    ROW_NUMBER() OVER (
      PARTITION BY c.own_no, c.source_version, c.key ORDER BY s.fix_number, {content_order}, c.row_number
    ) AS n
  FROM staged AS s
  JOIN candidates AS c USING (own_no, row_number)
)
SELECT own_no, row_number, n, {renumbered_key} AS key FROM ordered_lines WHERE n > 1;

-- name: none_renumbered
CREATE OR REPLACE TEMP TABLE renumbered (own_no INTEGER, row_number BIGINT, n BIGINT, key UHUGEINT);

-- name: renumber
UPDATE kept_lines SET key = r.key, n = r.n FROM renumbered AS r
WHERE kept_lines.own_no = r.own_no AND kept_lines.row_number = r.row_number;

-- name: count_repeated_lines
UPDATE batches SET repeated_lines = r.repeated_lines
FROM (
  SELECT a.own_no, COUNT(*) - COUNT(DISTINCT (a.sale, a.content)) AS repeated_lines
  FROM staged_lines AS a SEMI JOIN (SELECT DISTINCT own_no, sale FROM staged_lines SEMI JOIN renumbered USING (own_no, row_number)) USING (own_no, sale)
  GROUP BY a.own_no
) AS r
WHERE batches.batch_no = r.own_no;

-- name: correction_numbers
-- A corrected row keeps its number if only the ledger rejected it, otherwise it takes the next free one in its upload.
CREATE OR REPLACE TEMP TABLE renumbered AS
WITH rows AS (
  SELECT a.own_no, a.batch_no, a.row_number, a.source_version, a.n, a.sale, a.content, s.region, s.sale_id, {product} AS product
  FROM staged AS s
  JOIN batch_lines AS a USING (own_no, row_number)
  WHERE a.numbered_here
),
used AS (
  SELECT DISTINCT
    g.batch_no, g.row_number, g.source_version, v.sale,
    regexp_replace(v.line_key, '#[0-9]+$', '') AS product,
    CAST(regexp_extract(v.line_key, '#([0-9]+)$', 1) AS BIGINT) AS n
  FROM sale_versions AS v
  JOIN sightings AS g USING (key, content)
  WHERE g.batch_no IN (SELECT batch_no FROM rows) AND v.sale IN (SELECT sale FROM rows)
    AND regexp_matches(v.line_key, '#[0-9]+$')
),
own AS (
  SELECT r.own_no, r.row_number, MAX(u.n) AS n
  FROM rows AS r JOIN used AS u USING (batch_no, row_number, source_version, sale, product)
  GROUP BY ALL
),
free AS (
  SELECT
    r.*,
    COALESCE((SELECT MAX(u.n) FROM used AS u WHERE (u.batch_no, u.sale, u.product, u.source_version) = (r.batch_no, r.sale, r.product, r.source_version)), 0)
      + ROW_NUMBER() OVER (PARTITION BY r.batch_no, r.sale, r.product, r.source_version ORDER BY r.row_number) AS n_free
  FROM rows AS r ANTI JOIN own USING (own_no, row_number)
),
ordered_lines AS (
  SELECT own_no, row_number, region, sale_id, product, n_free AS n FROM free
  UNION ALL
  SELECT own_no, row_number, r.region, r.sale_id, r.product, own.n FROM rows AS r JOIN own USING (own_no, row_number)
)
SELECT own_no, row_number, n, {renumbered_key} AS key FROM ordered_lines;

-- name: found_lines
-- Where the ledger has lines of the sales of some staged files: one scan of it, by its narrowest hash, for all steps of
-- all their waves. Settlements change columns of these rows in place.
CREATE OR REPLACE TEMP TABLE found_lines AS
SELECT v.rowid AS line, v.sale FROM sale_versions AS v
SEMI JOIN (SELECT sale FROM read_parquet($accepted)) AS s ON s.sale = v.sale
WHERE v.settlement_no < $settlement_no;

-- name: known_lines
-- Every content that the ledger had before this settlement of the staged sales, as it is now. A key belongs to one sale,
-- so every content of a staged key is among them.
CREATE OR REPLACE TEMP TABLE known_lines AS
SELECT v.key, v.content, v.is_current, v.sale, v.sale_date, v.settlement_no
FROM sale_versions AS v SEMI JOIN found_lines AS f ON f.line = v.rowid;

-- name: known_lines_of_wave
-- The same if `found_lines` has lines of other waves.
CREATE OR REPLACE TEMP TABLE known_lines AS
SELECT v.key, v.content, v.is_current, v.sale, v.sale_date, v.settlement_no
FROM sale_versions AS v
SEMI JOIN (
  SELECT line FROM found_lines SEMI JOIN (SELECT sale FROM read_parquet($accepted)) USING (sale)
) AS f ON f.line = v.rowid;

-- name: add_known_lines
-- What earlier waves of this settlement added.
INSERT INTO known_lines
SELECT v.key, v.content, v.is_current, v.sale, v.sale_date, v.settlement_no
FROM sale_versions AS v SEMI JOIN (SELECT sale FROM read_parquet($accepted)) AS s ON s.sale = v.sale
WHERE v.settlement_no = $settlement_no;

-- name: known_lines_at_once
-- The same for many rows: one scan of all these columns, with what this settlement added.
CREATE OR REPLACE TEMP TABLE known_lines AS
SELECT v.key, v.content, v.is_current, v.sale, v.sale_date, v.settlement_no
FROM sale_versions AS v SEMI JOIN (SELECT sale FROM read_parquet($accepted)) AS s ON s.sale = v.sale;

-- name: no_known_lines
-- The same for an empty ledger. A join keeps its right side in memory, which here would be the whole file.
CREATE OR REPLACE TEMP TABLE known_lines AS
SELECT key, content, is_current, sale, sale_date, settlement_no FROM sale_versions LIMIT 0;

-- name: known
-- Every content that the ledger has of the staged keys.
CREATE OR REPLACE TEMP TABLE known AS
SELECT v.key, v.content, v.is_current FROM known_lines AS v
SEMI JOIN (SELECT a.key FROM staged_lines AS a SEMI JOIN known_lines USING (key)) AS a USING (key);

-- name: repeated_keys
-- Keys that occur in the wave more than once; conflicting: two contents of one version in one batch, without rows that
-- their writer may not write.
CREATE OR REPLACE TEMP TABLE repeated_keys AS
SELECT
  a.key, a.source_version, a.batch_no,
  COALESCE(MIN(a.content) FILTER (f.key IS NULL) <> MAX(a.content) FILTER (f.key IS NULL), FALSE) AS conflicting
FROM batch_lines AS a
LEFT JOIN foreign_rows AS f USING (own_no, row_number)
WHERE a.key IN (SELECT key FROM staged_lines GROUP BY key HAVING COUNT(*) > 1)
GROUP BY a.key, a.source_version, a.batch_no;

-- name: differing
-- Rows whose key has another current content: the only ones whose order matters.
CREATE OR REPLACE TEMP TABLE differing AS
SELECT a.own_no, a.row_number, a.key
FROM staged_lines AS a JOIN known AS k ON k.key = a.key AND k.is_current AND k.content <> a.content;

-- name: affected_versions
-- Every content of the affected keys, from one scan of the narrow key.
CREATE OR REPLACE TEMP TABLE affected_versions AS
SELECT v.key, v.content, v.is_current, v.sale, v.region, v.store_id, v.sale_date
FROM sale_versions AS v SEMI JOIN affected_keys USING (key)
WHERE v.settlement_no >= getvariable('oldest');

-- name: live_observations
-- The sightings of the affected keys that count: accepted and not undone; `superseded_by_statement` then removes those
-- that a later complete statement supersedes. Identical bytes share one place; the later contract version wins. Last,
-- corrections of one row in two uploads of the same bytes: that of the upload which was received first wins.
CREATE OR REPLACE TEMP TABLE live_observations AS
SELECT
  s.key, s.content, s.batch_no, b.source IN ('till', 'form') AS is_till, s.source_version, v.sale, v.region, v.store_id, v.sale_date,
  row(s.rank, s.source_version, IF(s.source_version > 0, -1, 1) * COALESCE(s.received_seq, b.place_seq), b.contract_version) AS precedence,
  row(s.rank, s.source_version, IF(s.source_version > 0, -1, 1) * COALESCE(s.received_seq, b.place_seq), b.contract_version,
      s.fix_number, IF(s.source_version > 0, -1, 1) * s.row_number, -b.received_seq) AS place
FROM sightings AS s
SEMI JOIN affected_keys AS t USING (key)
JOIN batches AS b ON b.batch_no = s.batch_no
JOIN affected_versions AS v ON v.key = s.key AND v.content = s.content
WHERE s.outcome <> 'quarantined' AND b.undone_no IS NULL AND s.settlement_no >= getvariable('oldest');

-- name: stated_keys
-- The affected keys that each of these statements contains, including rows that only the ledger rejected. A line that the
-- batch moves to the day of another store is not part of the day that it leaves.
CREATE OR REPLACE TEMP TABLE stated_keys AS
SELECT DISTINCT n.batch_no, n.key, n.source_version, v.region, v.store_id, v.sale_date
FROM sightings AS n
JOIN affected_versions AS v ON v.key = n.key AND v.content = n.content
WHERE n.batch_no IN (SELECT batch_no FROM active_statements) AND n.settlement_no >= getvariable('oldest');

-- name: superseded_by_statement
-- All joins are by equality, of sales and of days by themselves: a condition with OR would compare each statement with each
-- sighting.
DELETE FROM live_observations
WHERE rowid IN (
  WITH pair AS (
    SELECT a.rowid AS observation, a.key, a.region, a.store_id, a.sale_date, a.is_till, a.precedence, t.batch_no,
           t.source_version, t.whole, t.is_till AS by_till, t.precedence AS stated, t.stores, t.own_lines
    FROM live_observations AS a
    JOIN active_statements AS t ON t.scope = a.sale
    WHERE t.whole = 'sale'
    UNION ALL
    SELECT a.rowid AS observation, a.key, a.region, a.store_id, a.sale_date, a.is_till, a.precedence, t.batch_no,
           t.source_version, t.whole, t.is_till AS by_till, t.precedence AS stated, t.stores, t.own_lines
    FROM live_observations AS a
    JOIN active_statements AS t
      ON t.region = a.region AND t.store_id IS NOT DISTINCT FROM a.store_id AND t.sale_date = a.sale_date
    WHERE t.whole = 'store-day'
  ),
  below AS (
    SELECT * FROM pair AS t
    WHERE t.stated > t.precedence
      AND NOT (t.is_till AND NOT t.by_till)
      AND (t.stores IS NULL OR COALESCE(list_contains(t.stores, t.store_id), FALSE)
        OR COALESCE(list_contains(t.own_lines, CAST(t.key AS VARCHAR)), FALSE))
  )
  SELECT b.observation
  FROM below AS b
  ANTI JOIN stated_keys AS n
    ON n.batch_no = b.batch_no AND n.key = b.key AND n.source_version = b.source_version
  WHERE b.whole = 'sale'
  UNION ALL
  SELECT b.observation
  FROM below AS b
  ANTI JOIN stated_keys AS n
    ON n.batch_no = b.batch_no AND n.key = b.key AND n.source_version = b.source_version
      AND n.region = b.region AND n.store_id IS NOT DISTINCT FROM b.store_id AND n.sale_date = b.sale_date
  WHERE b.whole = 'store-day'
);

-- name: active_statements
-- Complete statements over the scopes of `live_observations`: not undone, and no row of the scope still rejected by
-- validation, and none that its writer was not allowed to write. A rejected row of a file without a scope may belong to
-- any; an unreadable message does not block the other sales of its batch.
CREATE OR REPLACE TEMP TABLE active_statements AS
WITH statement AS (
  SELECT
    t.*, b.source IN ('till', 'form') AS is_till,
    CAST(CAST(t.writer_stores AS JSON) AS VARCHAR[]) AS stores, CAST(CAST(t.own_keys AS JSON) AS VARCHAR[]) AS own_lines,
    row(t.rank, t.source_version, IF(t.source_version > 0, -1, 1) * COALESCE(t.received_seq, b.place_seq), b.contract_version) AS precedence
  FROM (
    FROM statements
    WHERE whole = 'sale' AND settlement_no >= getvariable('oldest') AND scope IN (SELECT sale FROM live_observations)
    UNION ALL
    FROM statements WHERE whole = 'store-day' AND sale_date IN (SELECT sale_date FROM live_observations)
  ) AS t
  JOIN batches AS b USING (batch_no)
  WHERE b.undone_no IS NULL
),
entry AS (
  SELECT
    s.batch_no, s.row_number, s.fix_number, s.refused_by = 'validation' AS is_open,
    s.refused_by = 'ledger' AND s.code = 'not-your-store' AS is_foreign,
    IF(s.sale_id IS NULL, NULL, {sale_hash}) AS sale, IF(s.sale_date IS NULL, NULL, {store_day_hash}) AS store_day
  FROM refusals AS s
  WHERE s.batch_no IN (SELECT batch_no FROM statement)
  UNION ALL
  SELECT s.batch_no, s.row_number, s.fix_number, FALSE, FALSE, NULL, NULL FROM sightings AS s
  WHERE s.fix_number > 0 AND s.batch_no IN (SELECT batch_no FROM statement)
),
still_open AS (
  SELECT * FROM entry
  QUALIFY is_foreign OR (is_open AND ROW_NUMBER() OVER (PARTITION BY batch_no, row_number ORDER BY fix_number DESC) = 1)
)
SELECT * FROM statement AS t
WHERE NOT EXISTS (
  SELECT 1 FROM still_open AS o
  WHERE o.batch_no = t.batch_no
    AND (IF(t.whole = 'sale', o.sale, o.store_day) = t.scope
      OR (IF(t.whole = 'sale', o.sale, o.store_day) IS NULL AND NOT t.is_till))
);

-- name: winning_observation
-- The greatest sighting that counts, per affected key.
CREATE OR REPLACE TEMP TABLE winning_observation AS
SELECT key, arg_max(content, place) AS content, arg_max(is_till, place) AS is_till,
       arg_max(source_version, place) AS source_version, MAX(place) AS place
FROM live_observations GROUP BY key;

-- name: between_kinds
-- A file's line and a till's or form's are compared in the columns that both have; `differences` is empty if they are equal.
CREATE OR REPLACE TEMP TABLE between_kinds AS
WITH pairs AS (
  SELECT d.own_no, d.row_number, d.key, b.content
  FROM differing AS d
  JOIN batch_lines AS a USING (own_no, row_number)
  JOIN winning_observation AS b ON b.key = d.key
  WHERE b.is_till <> a.is_till
)
SELECT p.own_no, p.row_number, list_filter([{differences}], lambda d: d IS NOT NULL) AS differences
FROM sale_versions AS v
JOIN pairs AS p ON p.key = v.key AND p.content = v.content
JOIN (
  SELECT * FROM staged SEMI JOIN pairs USING (own_no, row_number)
) AS s USING (own_no, row_number)
WHERE v.settlement_no >= getvariable('oldest');

-- name: no_between_kinds
CREATE OR REPLACE TEMP TABLE between_kinds (
  own_no INTEGER, row_number BIGINT, differences STRUCT("column" VARCHAR, here VARCHAR, there VARCHAR)[]
);

-- name: outcomes
-- The outcome of each row. Rows of one batch with one key are applied in their order, the least first.
CREATE OR REPLACE TEMP TABLE row_outcomes AS
WITH current AS (
  SELECT key, content FROM known WHERE is_current
),
ordered_lines AS (
  SELECT
    a.*, c.content AS current_content, r.conflicting AND NOT a.accepted AS conflicting, b.is_till AS winning_is_till,
    b.source_version AS winning_version, b.place AS winning_place, x.differences, f.key IS NOT NULL AS is_foreign,
    row(a.rank, a.source_version, IF(a.source_version > 0, -1, 1) * a.place, o.contract_version, a.fix_number,
        IF(a.source_version > 0, -1, 1) * a.row_number, -o.received_seq) AS placed_at
  FROM batch_lines AS a
  LEFT JOIN current AS c USING (key)
  LEFT JOIN repeated_keys AS r USING (key, source_version, batch_no)
  LEFT JOIN winning_observation AS b ON b.key = a.key
  LEFT JOIN between_kinds AS x USING (own_no, row_number)
  LEFT JOIN foreign_rows AS f USING (own_no, row_number)
  JOIN batches AS o ON o.batch_no = a.batch_no
),
checked_lines AS (
  SELECT
    p.*,
    CASE
      WHEN p.is_foreign THEN 'not-your-store'
      WHEN p.conflicting THEN 'conflicting-contents'
      WHEN p.current_content IS NULL OR p.current_content = p.content THEN NULL
      WHEN p.winning_is_till <> p.is_till AND len(p.differences) = 0 THEN NULL
      WHEN p.winning_is_till AND NOT p.is_till AND NOT p.accepted AND (SELECT MIN(rules) FROM incoming_batches) = 'ask' THEN 'differs-from-till'
      WHEN p.source_version > 0 AND p.winning_version = p.source_version AND p.winning_is_till = p.is_till AND p.placed_at < p.winning_place
        THEN 'conflicting-contents'
    END AS refusal
  FROM ordered_lines AS p
)
SELECT
  own_no, batch_no, row_number, line_number, fix_number, rank, source_version, received_seq, key, content, sale, sale_date, received_date,
  is_till, differences, placed_at,
  COALESCE(placed_at > winning_place, current_content IS NULL) AS is_later,
  CASE WHEN refusal IS NULL AND is_till AND bool_or(refusal IS NOT NULL) OVER (PARTITION BY own_no, sale) THEN 'sale-refused' ELSE refusal END AS refusal,
  CASE
    WHEN current_content IS NULL THEN 'new'
    WHEN current_content = content OR len(differences) = 0 THEN 'duplicate'
    WHEN placed_at > winning_place THEN 'corrected'
    ELSE 'superseded'
  END AS outcome
FROM checked_lines;

-- name: outcomes_simple
-- The same if no key is repeated and none differs: a file of new and equal lines needs no table of its own.
CREATE OR REPLACE TEMP VIEW wave_outcomes AS
SELECT
  a.own_no, a.batch_no, a.row_number, a.line_number, a.fix_number, a.rank, a.source_version, a.received_seq, a.key, a.content, a.sale,
  a.sale_date, a.received_date,
  CAST(NULL AS VARCHAR) AS refusal,
  IF(c.content IS NULL, 'new', 'duplicate') AS outcome
FROM batch_lines AS a
LEFT JOIN known AS c ON c.key = a.key AND c.is_current;

-- name: outcomes_checked
CREATE OR REPLACE TEMP VIEW wave_outcomes AS SELECT * FROM row_outcomes;

-- name: outcomes_of_repeated_keys
UPDATE row_outcomes SET outcome = n.outcome
FROM (
  SELECT own_no, row_number,
    CASE
      WHEN NOT LAG(is_later, 1, FALSE) OVER one_key THEN outcome
      WHEN content = LAG(content) OVER one_key THEN 'duplicate'
      ELSE 'corrected'
    END AS outcome
  FROM row_outcomes
  WHERE refusal IS NULL AND key IN (SELECT key FROM repeated_keys)
  WINDOW one_key AS (PARTITION BY batch_no, key ORDER BY placed_at)
) AS n
WHERE row_outcomes.own_no = n.own_no AND row_outcomes.row_number = n.row_number;

-- name: add_disputed_keys
-- Keys whose current content must be computed from all sightings.
INSERT INTO affected_keys
SELECT key FROM differing
UNION
SELECT key FROM repeated_keys
UNION
SELECT key FROM wave_outcomes WHERE refusal IS NOT NULL;

-- name: add_staged_keys
INSERT INTO affected_keys SELECT DISTINCT key FROM staged_lines ANTI JOIN affected_keys USING (key);

-- name: add_keys_of_sales
-- Keys that complete statements of these batches over a sale may remove or restore, in addition to the staged ones.
INSERT INTO affected_keys
SELECT DISTINCT v.key FROM sale_versions AS v
SEMI JOIN (SELECT scope FROM statements WHERE whole = 'sale' AND batch_no IN (SELECT batch_no FROM affected)) AS t
  ON t.scope = v.sale
ANTI JOIN affected_keys AS k ON k.key = v.key
ANTI JOIN staged_lines AS a ON a.key = v.key
WHERE v.settlement_no >= getvariable('oldest');

-- name: add_keys_of_store_days
-- The same over the day of a store.
INSERT INTO affected_keys
SELECT DISTINCT v.key FROM sale_versions AS v
SEMI JOIN (SELECT * FROM statements WHERE whole = 'store-day' AND batch_no IN (SELECT batch_no FROM affected)) AS t
  ON t.sale_date = v.sale_date AND t.region = v.region AND t.store_id IS NOT DISTINCT FROM v.store_id
ANTI JOIN affected_keys AS k ON k.key = v.key;

-- name: other_sales
-- The sales that are not staged and have a line of such a day, current or not.
CREATE OR REPLACE TEMP TABLE other_sales AS
SELECT DISTINCT v.sale FROM sale_versions AS v
SEMI JOIN (SELECT * FROM statements WHERE whole = 'store-day' AND batch_no IN (SELECT batch_no FROM affected)) AS t
  ON t.sale_date = v.sale_date AND t.region = v.region AND t.store_id IS NOT DISTINCT FROM v.store_id
ANTI JOIN staged_lines AS a ON a.sale = v.sale;

-- name: add_keys_of_batches
INSERT INTO affected_keys
SELECT DISTINCT s.key FROM sightings AS s
WHERE s.batch_no IN (SELECT batch_no FROM affected) AND s.key NOT IN (SELECT key FROM affected_keys);

-- name: add_keys_of_statements
-- Staged keys in a sale of another complete statement; a statement never removes a key that it contains.
INSERT INTO affected_keys
SELECT DISTINCT a.key FROM batch_lines AS a
JOIN statements AS t ON t.whole = 'sale' AND t.scope = a.sale AND t.settlement_no >= getvariable('oldest')
WHERE (t.batch_no <> a.batch_no OR t.source_version <> a.source_version) AND a.key NOT IN (SELECT key FROM affected_keys);

-- name: add_keys_of_store_day_statements
-- The same for another complete statement over the day of a store.
INSERT INTO affected_keys
SELECT DISTINCT a.key
FROM (SELECT * FROM statements WHERE whole = 'store-day') AS t
JOIN staged AS s
  ON s.sale_date = t.sale_date AND s.region = t.region AND s.store_id IS NOT DISTINCT FROM t.store_id
JOIN batch_lines AS a ON a.own_no = s.own_no AND a.row_number = s.row_number
WHERE (t.batch_no <> a.batch_no OR t.source_version <> a.source_version) AND a.key NOT IN (SELECT key FROM affected_keys);

-- name: add_versions
-- The contents that are new, directly from the staged files; some rows at a time, so that memory does not grow
-- with the file.
INSERT INTO sale_versions BY NAME
SELECT
  o.key, o.content, o.key NOT IN (SELECT key FROM affected_keys) AS is_current, o.sale, o.region, o.sale_id,
  COALESCE(o.line_key, {own_product} || '#' || o.n) AS line_key,
  {own_columns},
  {leads} AS leads,
  $settlement_no AS settlement_no
FROM (
  SELECT s.* EXCLUDE (key_high, key_low), COALESCE(r.key, {key}) AS key, COALESCE(r.n, 1) AS n
  FROM staged AS s
  LEFT JOIN renumbered AS r ON r.own_no = s.own_no AND r.row_number = s.row_number
  WHERE s.row_number BETWEEN $first AND $last
) AS o
ANTI JOIN known AS k ON k.key = o.key AND k.content = o.content
LEFT JOIN (SELECT own_no, row_number FROM first_lines WHERE row_number BETWEEN $first AND $last) AS l
  ON l.own_no = o.own_no AND l.row_number = o.row_number;

-- name: add_versions_once
-- The same if a key occurs in the wave more than once: each of its contents is added once.
INSERT INTO sale_versions BY NAME
SELECT
  o.key, o.content, o.key NOT IN (SELECT key FROM affected_keys) AS is_current, o.sale, s.region, s.sale_id,
  COALESCE(s.line_key, {product} || '#' || o.n) AS line_key,
  {content_columns},
  {leads} AS leads,
  $settlement_no AS settlement_no
FROM staged AS s
JOIN (
  SELECT a.key, a.content, MIN(a.sale) AS sale, MIN(a.n) AS n, arg_min(row(a.own_no, a.row_number), row(a.own_no, a.row_number)) AS first
  FROM staged_lines AS a ANTI JOIN known USING (key, content) GROUP BY ALL
) AS o ON o.first[1] = s.own_no AND o.first[2] = s.row_number
LEFT JOIN first_lines AS l ON l.key = o.key;

-- name: revive_versions
-- Contents of the ledger that are current again, of keys that are not disputed.
UPDATE sale_versions SET is_current = TRUE
FROM staged_lines AS a
WHERE sale_versions.key = a.key AND sale_versions.content = a.content AND NOT sale_versions.is_current
  AND sale_versions.settlement_no >= getvariable('oldest')
  AND a.key NOT IN (SELECT key FROM affected_keys)
  AND a.key IN (SELECT key FROM known) AND a.key NOT IN (SELECT key FROM known WHERE is_current);

-- name: transitions_so_far
-- The lines that this settlement added before its change log started.
INSERT INTO transitions SELECT $seq, key, NULL, content FROM sale_versions WHERE settlement_no = $settlement_no;

-- name: add_transitions_of_new_lines
INSERT INTO transitions
SELECT $seq, a.key, NULL, a.content FROM staged_lines AS a
WHERE a.key NOT IN (SELECT key FROM affected_keys) AND a.key NOT IN (SELECT key FROM known WHERE is_current);

-- name: add_sightings
INSERT INTO sightings BY NAME
SELECT
  key, content, sale, sale_date, batch_no, received_date, row_number, line_number, fix_number, rank, source_version, received_seq,
  CASE WHEN refusal IS NOT NULL THEN 'quarantined' WHEN outcome = 'superseded' THEN 'duplicate' ELSE outcome END AS outcome,
  refusal IS NULL AND outcome = 'superseded' AS superseded,
  $settlement_no AS settlement_no
FROM wave_outcomes;

-- name: add_refusals
INSERT INTO refusals BY NAME
SELECT
  i.root_no AS batch_no, i.received_date, s.row_number, s.line_number, s.fix_number, s.outcome, s.refused_by, s.raw, s.code, s.column_name, s.value, s.problems,
  s.region, s.sale_id, s.store_id, s.sale_date,
  $settlement_no AS settlement_no
FROM read_parquet($addresses, filename = true) AS s
JOIN incoming_files AS f ON f.address = s.filename
JOIN incoming_batches AS i USING (batch_no);

-- name: add_ledger_refusals
INSERT INTO refusals BY NAME
WITH refused AS (
  SELECT
    w.*, f.region, f.sale_id, f.store_id,
    IF(refusal = 'not-your-store', 'store_id', differences[1].column) AS column_name,
    IF(refusal = 'not-your-store', f.other_store, differences[1].here) AS value,
    CASE refusal
      WHEN 'not-your-store' THEN array_to_string(f.stores, ', ')
      WHEN 'differs-from-till' THEN array_to_string(list_transform(differences, lambda d: d.column || ' ' || d.there || ' there, ' || d.here || ' here'), '; ')
      WHEN 'conflicting-contents' THEN 'version ' || source_version
      ELSE ''
    END AS detail
  FROM wave_outcomes AS w LEFT JOIN foreign_rows AS f USING (own_no, row_number) WHERE refusal IS NOT NULL
)
SELECT
  batch_no, received_date, row_number, line_number, fix_number, 'quarantined' AS outcome, 'ledger' AS refused_by, CAST(NULL AS VARCHAR) AS raw,
  refusal AS code, column_name, value,
  CAST(to_json([{{'code': refusal, 'column': column_name, 'value': value, 'detail': detail}}]) AS VARCHAR) AS problems,
  region, sale_id, store_id, IF(refusal = 'not-your-store', sale_date, NULL) AS sale_date,
  $settlement_no AS settlement_no
FROM refused;

-- name: add_sale_statements
-- The scopes that the wave's batches contain completely, including rows that only the ledger rejected.
INSERT INTO statements BY NAME
SELECT
  a.batch_no, ANY_VALUE(a.received_date) AS received_date, a.sale AS scope, 'sale' AS whole, a.source_version,
  MAX(a.rank_of_batch) AS rank, MIN(a.received_seq) AS received_seq, MIN(a.sale_date) AS sale_date,
  ANY_VALUE(w.writer_stores) AS writer_stores, ANY_VALUE(w.own_keys) AS own_keys, $settlement_no AS settlement_no
FROM batch_lines AS a
JOIN incoming_batches AS i ON i.batch_no = a.own_no
LEFT JOIN statement_writers AS w ON (w.batch_no, w.sale, w.source_version) = (a.batch_no, a.sale, a.source_version)
ANTI JOIN (FROM statements WHERE settlement_no >= getvariable('oldest')) AS t
  ON (t.batch_no, t.scope, t.source_version) = (a.batch_no, a.sale, a.source_version)
WHERE i.replaces = 'sale'
GROUP BY a.batch_no, a.sale, a.source_version;

-- name: add_store_day_statements
INSERT INTO statements BY NAME
WITH stated_days AS (
  SELECT DISTINCT
    a.batch_no, a.received_date, a.rank_of_batch AS rank, a.source_version, a.received_seq, s.region, s.store_id, s.sale_date, {store_day_hash} AS scope
  FROM staged AS s
  JOIN batch_lines AS a USING (own_no, row_number)
  JOIN incoming_batches AS i ON i.batch_no = a.own_no
  WHERE i.replaces = 'store-day'
)
SELECT batch_no, ANY_VALUE(received_date) AS received_date, scope, 'store-day' AS whole, source_version, MAX(rank) AS rank,
       MIN(received_seq) AS received_seq, ANY_VALUE(region) AS region, ANY_VALUE(store_id) AS store_id,
       ANY_VALUE(sale_date) AS sale_date, $settlement_no AS settlement_no
FROM stated_days
ANTI JOIN statements AS t USING (batch_no, scope, source_version)
GROUP BY batch_no, scope, source_version;

-- name: current_changes
-- The affected keys whose current content changes.
CREATE OR REPLACE TEMP TABLE current_changes AS
WITH before AS (
  SELECT key, content FROM affected_versions WHERE is_current
)
SELECT COALESCE(b.key, n.key) AS key, b.content AS old, n.content AS new
FROM before AS b FULL JOIN winning_observation AS n USING (key)
WHERE b.content IS DISTINCT FROM n.content;

-- name: update_current
UPDATE sale_versions SET is_current = (sale_versions.content IS NOT DISTINCT FROM t.new)
FROM current_changes AS t
WHERE sale_versions.key = t.key AND (sale_versions.content = t.old OR sale_versions.content = t.new)
  AND sale_versions.settlement_no >= getvariable('oldest');

-- name: add_transitions_of_changes
INSERT INTO transitions SELECT $seq, key, old, new FROM current_changes;

-- name: count_removed
-- Lines that the wave's own statements removed, per batch.
SELECT st.batch_no, COUNT(DISTINCT t.key) AS removed
FROM current_changes AS t
JOIN affected_versions AS v ON v.key = t.key AND v.content = t.old
JOIN statements AS st ON (st.whole = 'sale' AND st.scope = v.sale)
  OR (st.whole = 'store-day' AND st.region = v.region AND st.store_id IS NOT DISTINCT FROM v.store_id AND st.sale_date = v.sale_date)
WHERE t.new IS NULL AND st.batch_no IN (SELECT root_no FROM incoming_batches)
GROUP BY ALL;

-- name: changes
-- The net change per key over the whole settlement.
INSERT INTO listed_changes BY NAME
SELECT
  $settlement_no AS settlement_no, key,
  CASE WHEN old IS NULL THEN 'added' WHEN new IS NULL THEN 'removed' ELSE 'corrected' END AS kind, old, new
FROM (
  SELECT key, arg_min(old_, seq).content AS old, arg_max(new_, seq).content AS new
  FROM (SELECT seq, key, {{'content': old}} AS old_, {{'content': new}} AS new_ FROM transitions)
  GROUP BY key
)
WHERE old IS DISTINCT FROM new;

-- name: changes_of_one_wave
INSERT INTO listed_changes BY NAME
SELECT
  $settlement_no AS settlement_no, key,
  CASE WHEN old IS NULL THEN 'added' WHEN new IS NULL THEN 'removed' ELSE 'corrected' END AS kind, old, new
FROM transitions;

-- name: add_days_of_new_sales
-- The days that the settlement changed, if every sale with a new line is new.
INSERT INTO settlement_days BY NAME
SELECT DISTINCT $settlement_no AS settlement_no, sale_date FROM sale_versions WHERE settlement_no = $settlement_no;

-- name: add_days_of_changed_sales
-- The days that the settlement changed: all days of all sales with a changed line, because another line may represent
-- such a sale now.
INSERT INTO settlement_days BY NAME
WITH changed_sales AS (
  SELECT sale FROM sale_versions WHERE settlement_no = $settlement_no
  UNION
  SELECT sale FROM sale_versions SEMI JOIN (SELECT key FROM listed_changes WHERE settlement_no = $settlement_no) USING (key)
  WHERE sale_versions.settlement_no >= getvariable('oldest')
)
SELECT DISTINCT $settlement_no AS settlement_no, sale_date FROM sale_versions SEMI JOIN changed_sales USING (sale)
WHERE sale_versions.settlement_no >= getvariable('oldest');
