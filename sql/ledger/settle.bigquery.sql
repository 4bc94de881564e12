-- Commits staged batches to the ledger, on BigQuery: one script, one transaction.
-- `adapters/google/bigquery/settle_script.py` fills in the staged rows and the expressions of the column list. The same
-- rules as settle.duckdb.sql, and the same names; but a statement costs a second here, so a wave is few statements, and
-- those that a wave seldom needs are under an IF. A wave is one file, correction or replay, or micro-batches that share
-- no sale; wave 0 undoes.
DECLARE this_wave INT64 DEFAULT {first_wave};
DECLARE only_adds BOOL DEFAULT TRUE;
DECLARE is_replaced, is_disputed, has_affected_keys BOOL DEFAULT FALSE;
DECLARE taken ARRAY<STRING>;
DECLARE counted ARRAY<INT64>;
DECLARE holding STRING;
{declared_answers}

CREATE OR REPLACE TEMP TABLE new_batches AS SELECT * FROM UNNEST({new_batches});
CREATE OR REPLACE TEMP TABLE staged AS
{staged};
CREATE OR REPLACE TEMP TABLE staged_refusals AS
{staged_refusals};
CREATE OR REPLACE TEMP TABLE held (batch_id STRING, code STRING, detail STRING, days INT64);
CREATE OR REPLACE TEMP TABLE numbered (own_no INT64, row_number INT64, n INT64);
CREATE OR REPLACE TEMP TABLE transitions (seq INT64, key BYTES, old INT64, `new` INT64);

BEGIN TRANSACTION;

-- The waves were determined before the transaction; another settlement since then has raised the epoch.
IF (SELECT MAX(number) FROM epoch) <> {epoch} THEN
  SELECT ERROR('Aborted due to concurrent update: another settlement came first');
END IF;
UPDATE epoch SET number = number + 1 WHERE TRUE;

WHILE this_wave <= {last_wave} DO

  -- ---- holds -------------------------------------------------------------------------------------------------------

  IF this_wave IN UNNEST({maybe_known_bytes}) THEN
    -- A replay replaces its parent under any contract; compared with all other batches it is like an upload.
    INSERT INTO held (batch_id, code, detail, days)
    SELECT g.batch_id, 'known-bytes-under-another-contract', MIN(b.contract), 0
    FROM new_batches AS g
    INNER JOIN batches AS b ON b.sha256 = g.sha256
    WHERE g.wave = this_wave AND b.contract <> g.contract AND b.batch_id <> g.parent AND b.undone_no IS NULL
    GROUP BY g.batch_id;
  END IF;

  IF this_wave IN UNNEST({maybe_overlaps}) THEN
    -- Store-days of the ledger to which the file adds sales. The same rows again add nothing.
    INSERT INTO held (batch_id, code, detail, days)
    WITH file_sales AS (
      SELECT s.batch_id, s.sale, MIN(s.store_id) AS store_id, MIN(s.sale_date) AS sale_date, COUNT(*) AS lines_in_file
      FROM staged AS s
      INNER JOIN new_batches AS g ON g.batch_id = s.batch_id
      WHERE g.wave = this_wave AND g.batch_id NOT IN (SELECT batch_id FROM held)
      GROUP BY s.batch_id, s.sale
    ),
    known_sales AS (
      SELECT sale, COUNT(*) AS lines_known FROM sale_versions
      WHERE is_current AND sale IN (SELECT sale FROM file_sales) GROUP BY sale
    ),
    added AS (
      SELECT DISTINCT t.batch_id, COALESCE(t.store_id, '') AS store, t.sale_date
      FROM file_sales AS t LEFT JOIN known_sales AS k ON k.sale = t.sale
      WHERE t.lines_in_file > COALESCE(k.lines_known, 0)
    ),
    known_days AS (
      SELECT DISTINCT COALESCE(store_id, '') AS store, sale_date FROM sale_versions
      WHERE is_current
        AND region IN (SELECT region FROM new_batches WHERE wave = this_wave)
        AND sale_date IN (SELECT sale_date FROM added)
    )
    SELECT a.batch_id, 'overlaps-without-identity', '', COUNT(*)
    FROM added AS a INNER JOIN known_days AS d ON d.store = a.store AND d.sale_date = a.sale_date
    GROUP BY a.batch_id;
  END IF;

  -- ---- numbering ---------------------------------------------------------------------------------------------------

  -- The same bytes under the same contract share one place in time: that of the first.
  CREATE OR REPLACE TEMP TABLE incoming_batches AS
  WITH numbered_batches AS (
    SELECT
      g.*,
      (SELECT COALESCE(MAX(batch_no), 0) FROM batches) + ROW_NUMBER() OVER (ORDER BY g.received_seq, g.fix_number, g.batch_id) AS own_no
    FROM new_batches AS g
    WHERE g.wave = this_wave AND g.batch_id NOT IN (SELECT batch_id FROM held)
  ),
  same_bytes AS (
    SELECT e.own_no, MIN(b.place_seq) AS place_seq
    FROM numbered_batches AS e
    INNER JOIN batches AS b ON b.sha256 = e.sha256 AND b.contract = e.contract
    WHERE e.sha256 <> '' AND NOT e.as_new AND e.kind IN ('upload', 'replay') AND NOT b.as_new AND b.kind IN ('upload', 'replay')
    GROUP BY e.own_no
  ),
  roots AS (
    SELECT batch_id, batch_no, contract_version, replaces, place_seq FROM batches WHERE batch_no = root_no
  )
  SELECT
    e.*,
    COALESCE(r.batch_no, e.own_no) AS root_no,
    COALESCE(r.contract_version, e.contract_version) AS root_contract_version,
    COALESCE(r.replaces, e.replaces) AS scope_type,
    COALESCE(r.place_seq, LEAST(COALESCE(s.place_seq, e.received_seq), e.received_seq)) AS place_seq,
    COALESCE(s.place_seq > e.received_seq, FALSE) AS comes_before,
    e.source IN ('till', 'form') AS is_till
  FROM numbered_batches AS e
  LEFT JOIN same_bytes AS s ON s.own_no = e.own_no
  LEFT JOIN roots AS r ON r.batch_id = e.root;

  -- The roots of the wave, and the batches whose effect changes: undone, or with another place in time.
  CREATE OR REPLACE TEMP TABLE affected AS
  SELECT root_no AS batch_no, FALSE AS is_moved FROM incoming_batches
  UNION ALL
  SELECT b.batch_no, TRUE
  FROM batches AS b
  INNER JOIN incoming_batches AS i ON i.sha256 = b.sha256 AND i.contract = b.contract
  WHERE i.comes_before AND NOT b.as_new AND b.kind IN ('upload', 'replay')
  UNION ALL
  SELECT batch_no, TRUE
  FROM batches
  WHERE this_wave = 0 AND batch_id IN UNNEST({undo}) AND root_no = batch_no AND undone_no IS NULL;

  SET is_replaced = EXISTS (SELECT 1 FROM affected WHERE is_moved);
  IF is_replaced AND this_wave = 0 THEN
    UPDATE batches SET undone_no = {settlement_no}
    WHERE root_no IN (SELECT batch_no FROM affected);
  END IF;
  IF is_replaced AND this_wave > 0 THEN
    UPDATE batches AS b SET place_seq = i.place_seq
    FROM incoming_batches AS i
    WHERE b.sha256 = i.sha256 AND b.contract = i.contract AND i.comes_before AND NOT b.as_new AND b.kind IN ('upload', 'replay');
  END IF;

  -- ---- staged lines ------------------------------------------------------------------------------------------------

  -- Every content that the ledger has of the staged sales. A key belongs to one sale, so every content of a staged key
  -- is among them.
  CREATE OR REPLACE TEMP TABLE known_lines AS
  SELECT key, content, is_current, sale, line_key
  FROM sale_versions
  WHERE sale IN (SELECT s.sale FROM staged AS s INNER JOIN incoming_batches AS i ON i.batch_id = s.batch_id);

  IF this_wave IN UNNEST({corrections}) THEN
    -- A corrected row keeps its number if only the ledger rejected it, otherwise it takes the next free one in its upload.
    INSERT INTO numbered (own_no, row_number, n)
    WITH fixed AS (
      SELECT i.own_no, i.root_no, s.row_number, COALESCE(s.source_version, 0) AS source_version, s.sale, {product} AS product
      FROM staged AS s INNER JOIN incoming_batches AS i ON i.batch_id = s.batch_id
      WHERE s.line_key IS NULL
    ),
    used AS (
      SELECT DISTINCT
        g.batch_no, g.row_number, g.source_version, v.sale,
        REGEXP_REPLACE(v.line_key, '#[0-9]+$', '') AS product,
        CAST(REGEXP_EXTRACT(v.line_key, '#([0-9]+)$') AS INT64) AS n
      FROM sightings AS g
      INNER JOIN known_lines AS v ON v.key = g.key AND v.content = g.content
      WHERE g.batch_no IN (SELECT root_no FROM fixed) AND REGEXP_CONTAINS(v.line_key, '#[0-9]+$')
    ),
    own AS (
      SELECT f.own_no, f.row_number, MAX(u.n) AS n
      FROM fixed AS f
      INNER JOIN used AS u
        ON u.batch_no = f.root_no AND u.row_number = f.row_number AND u.source_version = f.source_version
        AND u.sale = f.sale AND u.product = f.product
      GROUP BY f.own_no, f.row_number
    ),
    greatest_used AS (
      SELECT batch_no, sale, product, source_version, MAX(n) AS n FROM used GROUP BY batch_no, sale, product, source_version
    )
    SELECT own_no, row_number, n FROM own
    UNION ALL
    SELECT
      f.own_no, f.row_number,
      COALESCE(u.n, 0) + ROW_NUMBER() OVER (PARTITION BY f.root_no, f.sale, f.product, f.source_version ORDER BY f.row_number)
    FROM fixed AS f
    LEFT JOIN own AS o ON o.own_no = f.own_no AND o.row_number = f.row_number
    LEFT JOIN greatest_used AS u
      ON u.batch_no = f.root_no AND u.sale = f.sale AND u.product = f.product AND u.source_version = f.source_version
    WHERE o.n IS NULL;
  END IF;

  -- Every accepted row of the wave with its key, the attributes of its batch, and the contents that the ledger has of its key.
  -- Sales that name a product more than once without a line number of the source: the n-th by content gets #n.
  CREATE OR REPLACE TEMP TABLE staged_lines AS
  WITH ordered_lines AS (
    SELECT
      s.* EXCEPT (source_version, source),
      COALESCE(s.source_version, 0) AS source_version,
      i.own_no, i.root_no AS batch_no, i.kind, i.is_till, i.rules, i.scope_type, i.root_contract_version AS contract_version,
      COALESCE(s.received_seq, i.place_seq) AS place,
      IF(s.accepted OR i.rules = IF(i.is_till, 'till', 'file'), 1, 0) AS rank,
      IF(i.rules = IF(i.is_till, 'till', 'file'), 1, 0) AS rank_of_batch,
      IF(s.line_key IS NOT NULL, 1, COALESCE(d.n, ROW_NUMBER() OVER (
        PARTITION BY i.own_no, s.key_high, s.key_low, s.line_key IS NULL, COALESCE(s.source_version, 0)
        ORDER BY s.fix_number, {content_order}, s.row_number
      ))) AS n,
      {product} AS product,
      {sale_hex} AS sale_hex,
      {store_day_hex} AS store_day_hex,
      {order_group_key} AS order_group_key
    FROM staged AS s
    INNER JOIN incoming_batches AS i ON i.batch_id = s.batch_id
    LEFT JOIN numbered AS d ON d.own_no = i.own_no AND d.row_number = s.row_number
  ),
  hashed AS (
    SELECT *, TO_HEX(MD5(CONCAT('line', CHR(31), product, '#', CAST(n AS STRING)))) AS line_hex FROM ordered_lines
  ),
  keyed AS (
    SELECT
      * EXCEPT (key_high, key_low, sale_hex, line_hex, store_day_hex),
      {store_day_number} AS store_day,
      IF(n > 1, {renumbered_key}, {key}) AS key
    FROM hashed
  ),
  known AS (
    SELECT key, MAX(IF(is_current, content, NULL)) AS current_content FROM known_lines GROUP BY key
  )
  SELECT
    a.*,
    k.current_content,
    k.key IS NOT NULL AS is_known_key,
    c.key IS NOT NULL AS is_known,
    COUNT(*) OVER (PARTITION BY a.key) > 1 AS is_repeated,
    MIN(a.content) OVER (PARTITION BY a.key, a.source_version, a.batch_no)
      <> MAX(a.content) OVER (PARTITION BY a.key, a.source_version, a.batch_no) AS is_conflicting,
    ROW_NUMBER() OVER (PARTITION BY a.key, a.content ORDER BY a.own_no, a.row_number) = 1 AS is_first,
    CASE
      WHEN MIN(a.order_group_key) OVER (PARTITION BY a.sale) <> MAX(a.order_group_key) OVER (PARTITION BY a.sale) THEN 2
      WHEN a.row_number = MIN(IF(a.order_group_key IS NULL, NULL, a.row_number)) OVER (PARTITION BY a.sale) THEN 1
      ELSE 0
    END AS leads
  FROM keyed AS a
  LEFT JOIN known AS k ON k.key = a.key
  LEFT JOIN known_lines AS c ON c.key = a.key AND c.content = a.content;

  INSERT INTO batches ({batch_columns})
  WITH beyond_the_first AS (
    SELECT own_no, COUNT(*) - COUNT(DISTINCT content) AS repeated_lines
    FROM staged_lines
    GROUP BY own_no, sale
    HAVING LOGICAL_OR(n > 1 OR (kind = 'correction' AND line_key IS NULL))
  ),
  repeated AS (
    SELECT own_no, SUM(repeated_lines) AS repeated_lines FROM beyond_the_first GROUP BY own_no
  )
  SELECT {batch_values}
  FROM incoming_batches AS i LEFT JOIN repeated AS r ON r.own_no = i.own_no;

  -- ---- outcomes ----------------------------------------------------------------------------------------------------

  -- Rows whose key has another current content: the only ones whose order matters.
  CREATE OR REPLACE TEMP TABLE affected_keys AS
  SELECT DISTINCT key FROM staged_lines WHERE current_content <> content;
  SET is_disputed = (SELECT COALESCE(LOGICAL_OR(is_repeated OR COALESCE(current_content <> content, FALSE)), FALSE) FROM staged_lines);

  IF is_disputed THEN
{resolve_winner}
    -- Rows of one batch with one key are applied in their order, the least first. A file's line and a till's or form's are
    -- compared in the columns that both have; `differences` is empty if they are equal.
    CREATE OR REPLACE TEMP TABLE row_outcomes AS
    WITH compared_lines AS (
      SELECT
        s.*, b.is_till AS winning_is_till, b.source_version AS winning_version, b.place AS winning_place,
        IF(b.is_till <> s.is_till AND s.current_content <> s.content, {differences}, NULL) AS differences,
        IF(b.is_till <> s.is_till AND s.current_content <> s.content, {first_different_column}, NULL) AS column_name,
        IF(b.is_till <> s.is_till AND s.current_content <> s.content, {first_different_value}, NULL) AS value,
        {placed_at} AS placed_at
      FROM staged_lines AS s
      LEFT JOIN winning_observation AS b ON b.key = s.key
      LEFT JOIN sale_versions AS v ON v.key = b.key AND v.content = b.content AND b.is_till <> s.is_till
    ),
    refused AS (
      SELECT
        *,
        CASE
          WHEN is_conflicting AND NOT accepted THEN 'conflicting-contents'
          WHEN current_content IS NULL OR current_content = content THEN NULL
          WHEN winning_is_till <> is_till AND differences = '' THEN NULL
          WHEN winning_is_till AND NOT is_till AND NOT accepted AND rules = 'ask' THEN 'differs-from-till'
          WHEN source_version > 0 AND winning_version = source_version AND winning_is_till = is_till AND placed_at < winning_place
            THEN 'conflicting-contents'
        END AS own_refusal
      FROM compared_lines
    ),
    checked_lines AS (
      SELECT
        *,
        COALESCE(placed_at > winning_place, current_content IS NULL) AS is_later,
        IF(
          own_refusal IS NULL AND is_till AND LOGICAL_OR(own_refusal IS NOT NULL) OVER (PARTITION BY own_no, sale),
          'sale-refused', own_refusal
        ) AS refusal,
        CASE
          WHEN current_content IS NULL THEN 'new'
          WHEN current_content = content OR COALESCE(differences = '', FALSE) THEN 'duplicate'
          WHEN placed_at > winning_place THEN 'corrected'
          ELSE 'superseded'
        END AS first_outcome
      FROM refused
    )
    SELECT
      * EXCEPT (first_outcome),
      CASE
        WHEN refusal IS NOT NULL OR NOT is_repeated THEN first_outcome
        WHEN NOT LAG(is_later, 1, FALSE) OVER one_key THEN first_outcome
        WHEN content = LAG(content) OVER one_key THEN 'duplicate'
        ELSE 'corrected'
      END AS outcome
    FROM checked_lines
    WINDOW one_key AS (PARTITION BY batch_no, key, refusal IS NULL ORDER BY placed_at);

    INSERT INTO sightings ({sighting_columns})
    SELECT
      key, content, batch_no, row_number, line_number, fix_number, rank, source_version, received_seq,
      CASE WHEN refusal IS NOT NULL THEN 'quarantined' WHEN outcome = 'superseded' THEN 'duplicate' ELSE outcome END,
      refusal IS NULL AND outcome = 'superseded',
      {settlement_no}
    FROM row_outcomes;

    INSERT INTO refusals ({refusal_columns})
    SELECT
      batch_no, row_number, line_number, fix_number, 'quarantined', 'ledger', CAST(NULL AS STRING), refusal, column_name, value,
      TO_JSON_STRING([STRUCT(
        refusal AS code, column_name AS `column`, value AS value,
        CASE refusal
          WHEN 'differs-from-till' THEN differences
          WHEN 'conflicting-contents' THEN CONCAT('version ', CAST(source_version AS STRING))
          ELSE ''
        END AS detail
      )]),
      CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS DATE), {settlement_no}
    FROM row_outcomes
    WHERE refusal IS NOT NULL;

    -- Keys whose current content must be computed from all sightings.
    INSERT INTO affected_keys (key)
    SELECT DISTINCT key FROM row_outcomes WHERE is_repeated OR refusal IS NOT NULL;
  ELSE
    INSERT INTO sightings ({sighting_columns})
    SELECT
      key, content, batch_no, row_number, line_number, fix_number, rank, source_version, received_seq,
      IF(current_content IS NULL, 'new', 'duplicate'), FALSE, {settlement_no}
    FROM staged_lines;
  END IF;

  IF this_wave IN UNNEST({refusing}) THEN
    INSERT INTO refusals ({refusal_columns})
    SELECT
      i.root_no, s.row_number, s.line_number, s.fix_number, s.outcome, s.refused_by, s.raw, s.code, s.column_name, s.value,
      s.problems, s.region, s.sale_id, s.store_id, s.sale_date, {settlement_no}
    FROM staged_refusals AS s INNER JOIN incoming_batches AS i ON i.batch_id = s.batch_id;
  END IF;

  -- ---- new contents ------------------------------------------------------------------------------------------------

  IF this_wave IN UNNEST({complete_statements}) THEN
    -- The scopes that the wave's batches contain completely, including rows that only the ledger rejected.
    INSERT INTO statements (batch_no, scope, whole, source_version, rank, received_seq, region, store_id, sale_date)
    WITH scoped_lines AS (
      SELECT *, IF(scope_type = 'sale', sale, store_day) AS scope FROM staged_lines WHERE scope_type <> ''
    )
    SELECT
      a.batch_no, a.scope, a.scope_type, a.source_version, MAX(a.rank_of_batch), MIN(a.received_seq),
      MIN(IF(a.scope_type = 'sale', NULL, a.region)), MIN(IF(a.scope_type = 'sale', NULL, a.store_id)), MIN(IF(a.scope_type = 'sale', NULL, a.sale_date))
    FROM scoped_lines AS a
    LEFT JOIN statements AS t ON t.batch_no = a.batch_no AND t.scope = a.scope AND t.source_version = a.source_version
    WHERE t.batch_no IS NULL
    GROUP BY a.batch_no, a.scope, a.scope_type, a.source_version;
  END IF;

  -- Staged keys in a sale or a store's day of another complete statement; a statement never removes a key that it contains.
  INSERT INTO affected_keys (key)
  SELECT DISTINCT a.key FROM staged_lines AS a
  INNER JOIN statements AS t ON t.whole = 'sale' AND t.scope = a.sale
  WHERE t.batch_no <> a.batch_no OR t.source_version <> a.source_version
  UNION ALL
  SELECT DISTINCT a.key FROM staged_lines AS a
  INNER JOIN statements AS t ON t.whole = 'store-day' AND t.scope = a.store_day
  WHERE t.batch_no <> a.batch_no OR t.source_version <> a.source_version
  UNION ALL
  SELECT DISTINCT key FROM staged_lines WHERE is_replaced;

  INSERT INTO sale_versions ({version_columns})
  SELECT
    a.key, a.content, t.key IS NULL, a.sale, a.region, a.sale_id, COALESCE(a.line_key, CONCAT(a.product, '#', CAST(a.n AS STRING))),
    {content_columns}, a.leads, {settlement_no}
  FROM staged_lines AS a
  LEFT JOIN (SELECT DISTINCT key FROM affected_keys) AS t ON t.key = a.key
  WHERE NOT a.is_known AND a.is_first;

  IF EXISTS (SELECT 1 FROM staged_lines WHERE is_known AND current_content IS NULL AND key NOT IN (SELECT key FROM affected_keys)) THEN
    -- Contents of the ledger that are current again, of keys that are not disputed.
    UPDATE sale_versions AS v SET is_current = TRUE
    FROM (
      SELECT DISTINCT key, content FROM staged_lines
      WHERE is_known AND current_content IS NULL AND key NOT IN (SELECT key FROM affected_keys)
    ) AS a
    WHERE v.key = a.key AND v.content = a.content AND NOT v.is_current;
  END IF;

  INSERT INTO transitions (seq, key, old, `new`)
  SELECT 2 * this_wave, key, CAST(NULL AS INT64), content
  FROM staged_lines
  WHERE current_content IS NULL AND key NOT IN (SELECT key FROM affected_keys);

  -- ---- current lines -----------------------------------------------------------------------------------------------

  IF is_replaced OR this_wave IN UNNEST({complete_statements}) OR this_wave IN UNNEST({corrections}) THEN
    -- Keys that complete statements of these batches may remove or restore, and those of the batches whose effect changes.
    INSERT INTO affected_keys (key)
    SELECT DISTINCT v.key
    FROM sale_versions AS v
    INNER JOIN statements AS t ON t.whole = 'sale' AND t.scope = v.sale
    WHERE t.batch_no IN (SELECT batch_no FROM affected) AND v.key NOT IN (SELECT key FROM staged_lines)
    UNION ALL
    SELECT DISTINCT v.key
    FROM sale_versions AS v
    INNER JOIN statements AS t
      ON t.sale_date = v.sale_date AND t.region = v.region AND COALESCE(t.store_id, CHR(31)) = COALESCE(v.store_id, CHR(31))
    WHERE t.whole = 'store-day' AND t.batch_no IN (SELECT batch_no FROM affected)
    UNION ALL
    SELECT DISTINCT key FROM sightings
    WHERE is_replaced AND batch_no IN (SELECT batch_no FROM affected);
  END IF;

  -- Sales whose markers may have changed: known before, with changed current contents, or with rows that did not become current.
  CREATE OR REPLACE TEMP TABLE doubtful_sales AS
  SELECT DISTINCT v.sale
  FROM known_lines AS v
  INNER JOIN staged_lines AS a ON a.sale = v.sale
  WHERE a.current_content IS NULL OR a.current_content <> a.content;

  SET has_affected_keys = EXISTS (SELECT 1 FROM affected_keys);
  IF has_affected_keys THEN
{resolve_winner}
    -- The affected keys whose current content changes.
    CREATE OR REPLACE TEMP TABLE current_changes AS
    WITH before AS (
      SELECT key, content FROM affected_versions WHERE is_current
    )
    SELECT COALESCE(b.key, n.key) AS key, b.content AS old, n.content AS `new`
    FROM before AS b FULL JOIN winning_observation AS n ON n.key = b.key
    WHERE b.content IS DISTINCT FROM n.content;

    UPDATE sale_versions AS v SET is_current = COALESCE(v.content = t.`new`, FALSE)
    FROM current_changes AS t
    WHERE v.key = t.key AND (v.content = t.old OR v.content = t.`new`);

    INSERT INTO transitions (seq, key, old, `new`)
    SELECT 2 * this_wave + 1, key, old, `new` FROM current_changes;

    INSERT INTO doubtful_sales (sale)
    SELECT sale FROM affected_versions
    WHERE key IN (SELECT key FROM current_changes) AND key NOT IN (SELECT key FROM staged_lines)
    UNION ALL
    SELECT a.sale
    FROM staged_lines AS a
    LEFT JOIN current_changes AS t ON t.key = a.key AND t.`new` = a.content
    WHERE a.key IN (SELECT key FROM affected_keys) AND t.key IS NULL;

    -- Lines that the wave's own statements removed, per batch.
    UPDATE batches AS b SET removed = b.removed + m.removed
    FROM (
      SELECT st.batch_no, COUNT(DISTINCT removed_lines.key) AS removed
      FROM (
        SELECT v.key, v.sale AS scope, 'sale' AS whole
        FROM affected_versions AS v INNER JOIN current_changes AS t ON t.key = v.key AND t.old = v.content
        WHERE t.`new` IS NULL
        UNION ALL
        SELECT v.key, v.store_day, 'store-day'
        FROM affected_versions AS v INNER JOIN current_changes AS t ON t.key = v.key AND t.old = v.content
        WHERE t.`new` IS NULL
      ) AS removed_lines
      INNER JOIN statements AS st ON st.whole = removed_lines.whole AND st.scope = removed_lines.scope
      WHERE st.batch_no IN (SELECT root_no FROM incoming_batches)
      GROUP BY st.batch_no
    ) AS m
    WHERE b.batch_no = m.batch_no;
  END IF;

  IF EXISTS (SELECT 1 FROM doubtful_sales) THEN
    UPDATE sale_versions AS v SET leads = m.leads
    FROM (
      SELECT
        key, content, led,
        CASE
          WHEN MIN(order_group_key) OVER (PARTITION BY sale) <> MAX(order_group_key) OVER (PARTITION BY sale) THEN 2
          WHEN key = MIN(key) OVER (PARTITION BY sale) THEN 1
          ELSE 0
        END AS leads
      FROM (
        SELECT s.key, s.content, s.sale, s.leads AS led, {order_group_key} AS order_group_key
        FROM sale_versions AS s
        WHERE s.is_current AND s.status NOT IN ('cancelled', 'returned') AND s.sale IN (SELECT sale FROM doubtful_sales)
      )
    ) AS m
    WHERE v.key = m.key AND v.content = m.content AND m.leads <> m.led;
  END IF;

  SET only_adds = only_adds AND NOT has_affected_keys AND NOT EXISTS (SELECT 1 FROM staged_lines WHERE is_known_key);
  SET this_wave = this_wave + 1;
END WHILE;

-- ---- results ---------------------------------------------------------------------------------------------------------

SET taken = (SELECT ARRAY_AGG(batch_id) FROM batches WHERE settlement_no = {settlement_no});
IF EXISTS (SELECT 1 FROM batches WHERE settlement_no = {settlement_no} OR undone_no = {settlement_no}) THEN
  -- The net change per key over the whole settlement.
  CREATE OR REPLACE TEMP TABLE net_changes AS
  WITH ordered AS (
    SELECT
      key, old, `new`,
      ROW_NUMBER() OVER (PARTITION BY key ORDER BY seq) AS from_first,
      ROW_NUMBER() OVER (PARTITION BY key ORDER BY seq DESC) AS from_last
    FROM transitions
  ),
  net AS (
    SELECT key, MAX(IF(from_first = 1, old, NULL)) AS old, MAX(IF(from_last = 1, `new`, NULL)) AS `new`
    FROM ordered GROUP BY key
  )
  SELECT key, CASE WHEN old IS NULL THEN 'added' WHEN `new` IS NULL THEN 'removed' ELSE 'corrected' END AS kind, old, `new`
  FROM net
  WHERE old IS DISTINCT FROM `new`;

  INSERT INTO listed_changes (settlement_no, key, kind, old, `new`)
  SELECT {settlement_no}, key, kind, old, `new` FROM net_changes WHERE NOT only_adds;

  INSERT INTO settlements (settlement_no, settled_at, request_id, added, corrected, removed, only_adds)
  SELECT
    {settlement_no}, CURRENT_TIMESTAMP(), {request_id},
    COUNTIF(kind = 'added'), COUNTIF(kind = 'corrected'), COUNTIF(kind = 'removed'), only_adds
  FROM net_changes;
  SET counted = (SELECT [added, corrected, removed] FROM settlements WHERE settlement_no = {settlement_no});
END IF;
SET holding = (SELECT TO_JSON_STRING(ARRAY_AGG(STRUCT(batch_id AS batch_id, code AS code, detail AS detail, days AS days))) FROM held);
{answers}

{ending} TRANSACTION;

SELECT taken AS taken, counted AS counted, holding AS holding{answered};
