-- How `leads` of sale_versions is kept, on DuckDB, inside the settlement's transaction; `adapters/local/duckdb/order_leads.py` runs it.
-- Where all lines of a sale that count as order are alike in `whereabouts` (store, person, channel, status, day, country), one of
-- them leads (1) and the others follow (0): whoever chooses or groups lines by these columns counts orders without looking
-- for equal sales. In any other sale each line says 2: count the sale itself. Of lines that do not count as order it says nothing.

-- name: known_sales
-- Sales that the ledger knew before and that get lines from this wave.
CREATE OR REPLACE TEMP TABLE known_sales AS
SELECT DISTINCT v.sale FROM known_lines AS v
SEMI JOIN (
  SELECT a.sale FROM arriving AS a
  SEMI JOIN known_lines USING (sale)
  ANTI JOIN (SELECT key, content FROM known WHERE is_current) USING (key, content)
) AS a ON a.sale = v.sale;

-- name: sales_arriving
CREATE OR REPLACE TEMP TABLE sales_arriving AS
SELECT
  sale, MIN(own_no) AS own_no, MIN(row_number) AS row_number, MIN(whereabouts) <> MAX(whereabouts) AS is_mixed
FROM arriving
WHERE whereabouts IS NOT NULL
GROUP BY sale;

-- name: first_lines
CREATE OR REPLACE TEMP VIEW first_lines AS SELECT own_no, row_number FROM sales_arriving WHERE NOT is_mixed;

-- name: mixed_sales
CREATE OR REPLACE TEMP VIEW mixed_sales AS SELECT sale FROM sales_arriving WHERE is_mixed;

-- name: doubtful_sales
-- Sales that do not stand as they arrived: known before, turned, or told by rows that did not become current.
CREATE OR REPLACE TEMP TABLE doubtful_sales AS
SELECT sale FROM known_sales
UNION
SELECT sale FROM touched_versions
SEMI JOIN (
  SELECT key FROM turned ANTI JOIN (SELECT a.key FROM arriving AS a SEMI JOIN turned USING (key)) USING (key)
) AS t ON t.key = touched_versions.key
UNION
SELECT a.sale FROM arriving AS a SEMI JOIN touched USING (key) ANTI JOIN turned AS t ON t.key = a.key AND t.new = a.content;

-- name: turned_sales
CREATE OR REPLACE TEMP TABLE doubtful_sales AS
SELECT DISTINCT sale FROM touched_versions SEMI JOIN turned USING (key);

-- name: lead
UPDATE sale_versions SET leads = m.leads
FROM (
  SELECT
    line,
    leads AS led,
    CASE WHEN MIN(whereabouts) OVER one_sale <> MAX(whereabouts) OVER one_sale THEN 2 WHEN line = MIN(line) OVER one_sale THEN 1 ELSE 0 END AS leads
  FROM (
    SELECT s.rowid AS line, s.sale, s.leads, {whereabouts} AS whereabouts
    FROM sale_versions AS s SEMI JOIN doubtful_sales USING (sale)
    WHERE s.is_current AND s.status NOT IN ('cancelled', 'returned')
  )
  WINDOW one_sale AS (PARTITION BY sale)
) AS m
WHERE sale_versions.rowid = m.line AND m.leads <> m.led;
