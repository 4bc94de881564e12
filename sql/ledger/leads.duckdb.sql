-- Updates `leads` of sale_versions, on DuckDB, in the transaction of the settlement; run by
-- `ledger/current_lines.py`.
-- If all lines of a sale that count as an order have the same `order_group_key` (store, person, channel, status, day,
-- country), the one with the least key has 1 and the others 0: a query that filters or groups by these columns adds up the values to
-- count orders. Otherwise each line of the sale has 2, and queries count distinct sales. The value of lines that do not
-- count as an order has no meaning.

-- name: known_sales
-- Sales that were in the ledger before and that get lines from this wave.
CREATE OR REPLACE TEMP TABLE known_sales AS
SELECT DISTINCT v.sale FROM known_lines AS v
SEMI JOIN (
  SELECT a.sale FROM staged_lines AS a
  SEMI JOIN known_lines USING (sale)
  ANTI JOIN (SELECT key, content FROM known WHERE is_current) USING (key, content)
) AS a ON a.sale = v.sale;

-- name: staged_sales
CREATE OR REPLACE TEMP TABLE staged_sales AS
SELECT
  sale, MIN(own_no) AS own_no, MIN(key) AS key, arg_min(row_number, key) AS row_number, MIN(order_group_key) <> MAX(order_group_key) AS is_mixed
FROM staged_lines
WHERE order_group_key IS NOT NULL
GROUP BY sale;

-- name: first_lines
CREATE OR REPLACE TEMP VIEW first_lines AS SELECT own_no, row_number, key FROM staged_sales WHERE NOT is_mixed;

-- name: mixed_sales
CREATE OR REPLACE TEMP VIEW mixed_sales AS SELECT sale FROM staged_sales WHERE is_mixed;

-- name: doubtful_sales
-- Sales whose markers may have changed: already in the ledger, with changed current contents,
-- or with rows that did not become current.
CREATE OR REPLACE TEMP TABLE doubtful_sales AS
SELECT sale FROM known_sales
UNION
SELECT sale FROM affected_versions
SEMI JOIN (
  SELECT key FROM current_changes ANTI JOIN (SELECT a.key FROM staged_lines AS a SEMI JOIN current_changes USING (key)) USING (key)
) AS t ON t.key = affected_versions.key
UNION
SELECT a.sale FROM staged_lines AS a SEMI JOIN affected_keys USING (key) ANTI JOIN current_changes AS t ON t.key = a.key AND t.new = a.content;

-- name: changed_sales
CREATE OR REPLACE TEMP TABLE doubtful_sales AS
SELECT DISTINCT sale FROM affected_versions SEMI JOIN current_changes USING (key);

-- name: lead
UPDATE sale_versions SET leads = m.leads
FROM (
  SELECT
    line,
    leads AS led,
    CASE WHEN MIN(order_group_key) OVER one_sale <> MAX(order_group_key) OVER one_sale THEN 2 WHEN key = MIN(key) OVER one_sale THEN 1 ELSE 0 END AS leads
  FROM (
    SELECT s.rowid AS line, s.key, s.sale, s.leads, {order_group_key} AS order_group_key
    FROM sale_versions AS s SEMI JOIN doubtful_sales USING (sale)
    WHERE s.is_current AND s.status NOT IN ('cancelled', 'returned') AND s.settlement_no >= getvariable('oldest')
  )
  WINDOW one_sale AS (PARTITION BY sale)
) AS m
WHERE sale_versions.rowid = m.line AND m.leads <> m.led AND sale_versions.settlement_no >= getvariable('oldest');
