-- Which rows of a wave their writers may not write, on DuckDB; run by `ledger/current_lines.py` in the settlement's
-- transaction. The temporary table `bound_writers` (own_no, fix_number, stores) has the stores to which the writers of
-- the wave's rows are bound; without stores, each row is bound to its own. Rows that it does not list are not bound.

-- name: no_bound_writers
CREATE OR REPLACE TEMP TABLE foreign_rows (
  own_no INTEGER, row_number BIGINT, key UHUGEINT, stores VARCHAR[], other_store VARCHAR,
  region VARCHAR, sale_id VARCHAR, store_id VARCHAR
);
CREATE OR REPLACE TEMP TABLE statement_writers (
  batch_no BIGINT, sale BIGINT, source_version BIGINT, writer_stores VARCHAR, own_keys VARCHAR
);

-- name: current_stores
-- The stores of the current lines of the staged sales.
CREATE OR REPLACE TEMP TABLE current_stores AS
SELECT v.key, v.sale, v.store_id FROM sale_versions AS v
SEMI JOIN (SELECT key FROM known_lines WHERE is_current) AS k USING (key)
WHERE v.is_current AND v.settlement_no >= getvariable('oldest');

-- name: no_current_stores
CREATE OR REPLACE TEMP TABLE current_stores (key UHUGEINT, sale BIGINT, store_id VARCHAR);

-- name: bound_lines
CREATE OR REPLACE TEMP TABLE bound_lines AS
SELECT
  a.own_no, a.batch_no, a.row_number, a.fix_number, a.source_version, a.key, a.sale, s.region, s.sale_id, s.store_id,
  COALESCE(w.stores, [s.store_id]) AS stores
FROM staged AS s
JOIN bound_writers AS w ON w.own_no = s.own_no AND w.fix_number = s.fix_number
JOIN batch_lines AS a ON a.own_no = s.own_no AND a.row_number = s.row_number;

-- name: foreign_rows
-- Rows of another store than those of their writer, and rows whose key has a current line of another store.
CREATE OR REPLACE TEMP TABLE foreign_rows AS
WITH compared AS (
  SELECT
    b.*, c.store_id AS current_store,
    COALESCE(list_contains(b.stores, b.store_id), FALSE) AS is_own,
    c.key IS NULL OR COALESCE(list_contains(b.stores, c.store_id), FALSE) AS changes_own
  FROM bound_lines AS b LEFT JOIN current_stores AS c USING (key)
)
SELECT
  own_no, row_number, key, stores, IF(is_own, current_store, store_id) AS other_store, region, sale_id, store_id
FROM compared WHERE NOT (is_own AND changes_own);

-- name: statement_writers
-- The writers of the complete sales of the wave, and the keys that such a sale lacks although their current line is of
-- the writer's stores.
CREATE OR REPLACE TEMP TABLE statement_writers AS
WITH stated AS (
  SELECT batch_no, sale, source_version, arg_min(stores, fix_number) AS stores FROM bound_lines GROUP BY ALL
),
own_lines AS (
  SELECT s.batch_no, s.sale, s.source_version, list(CAST(c.key AS VARCHAR) ORDER BY c.key) AS keys
  FROM stated AS s
  JOIN current_stores AS c ON c.sale = s.sale AND list_contains(s.stores, c.store_id)
  ANTI JOIN batch_lines AS a ON a.batch_no = s.batch_no AND a.key = c.key AND a.source_version = s.source_version
  GROUP BY ALL
)
SELECT
  batch_no, sale, source_version, CAST(to_json(s.stores) AS VARCHAR) AS writer_stores,
  IF(o.keys IS NULL, NULL, CAST(to_json(o.keys) AS VARCHAR)) AS own_keys
FROM stated AS s LEFT JOIN own_lines AS o USING (batch_no, sale, source_version);

-- name: count_foreign_rows
SELECT b.batch_id, COUNT(*) AS n FROM foreign_rows AS f JOIN batches AS b ON b.batch_no = f.own_no GROUP BY b.batch_id;
