-- Partitions by day, and sale versions whose rows are only added.
-- NAME_before_002 is the table NAME before this migration. The tables that this script fills are new and empty when it
-- starts (see adapters/google/bigquery/rebuilding.py), so it can run again. One statement may change 4,000 partitions:
-- rows are inserted by decade of their sale. A row that only the ledger rejected may have a content without a version:
-- it gets the sale and the first day of its key, and if the key has no version, sale 0 and the day of its receipt.

INSERT INTO batches (
  batch_no, batch_id, kind, source, region, contract, contract_version, file, sha256, received_seq, place_seq, as_new,
  root_no, fix_number, parent, replaces, rules, rows_read, rows_blank, rows_ignored, problems, repeated_lines,
  confirmed, removed, settlement_no, undone_no, received_date
)
SELECT
  batch_no, batch_id, kind, source, region, contract, contract_version, file, sha256, received_seq, place_seq, as_new,
  root_no, fix_number, parent, replaces, rules, rows_read, rows_blank, rows_ignored, problems, repeated_lines,
  confirmed, removed, settlement_no, undone_no, DATE(TIMESTAMP_MICROS(received_seq))
FROM batches_before_002;

INSERT INTO refusals (
  batch_no, row_number, line_number, fix_number, outcome, refused_by, raw, code, column_name, value, problems, region,
  sale_id, store_id, sale_date, settlement_no, received_date
)
WITH
receipt_days AS (
  SELECT root_no AS batch_no, fix_number, MIN(received_date) AS received_date
  FROM batches
  GROUP BY root_no, fix_number
)
SELECT
  refusals.batch_no, refusals.row_number, refusals.line_number, refusals.fix_number, refusals.outcome,
  refusals.refused_by, refusals.raw, refusals.code, refusals.column_name, refusals.value, refusals.problems,
  refusals.region, refusals.sale_id, refusals.store_id, refusals.sale_date, refusals.settlement_no,
  receipt_days.received_date
FROM refusals_before_002 AS refusals
LEFT JOIN receipt_days ON receipt_days.batch_no = refusals.batch_no AND receipt_days.fix_number = refusals.fix_number;

INSERT INTO listed_changes (settlement_no, key, kind, old, `new`)
SELECT settlement_no, key, kind, old, `new`
FROM listed_changes_before_002;

FOR decade IN (
  SELECT DIV(EXTRACT(YEAR FROM sale_date), 10) AS number
  FROM sale_versions_before_002
  UNION DISTINCT
  SELECT DIV(EXTRACT(YEAR FROM received_date), 10)
  FROM batches
)
DO
  INSERT INTO stored_versions (
    key, content, is_current, sale, region, sale_id, line_key, store_id, salesperson_id, customer_id, customer_name,
    product_id, product_name, category, channel, status, sold_at, sale_date, country, quantity, unit_price, discount,
    tax, net_amount, gross_amount, currency, unit_cost, returns_sale_id, extra, leads, settlement_no
  )
  SELECT
    key, content, is_current, sale, region, sale_id, line_key, store_id, salesperson_id, customer_id, customer_name,
    product_id, product_name, category, channel, status, sold_at, sale_date, country, quantity, unit_price, discount,
    tax, net_amount, gross_amount, currency, unit_cost, returns_sale_id, extra, leads, settlement_no
  FROM sale_versions_before_002
  WHERE DIV(EXTRACT(YEAR FROM sale_date), 10) = decade.number;

  INSERT INTO sightings (
    key, content, batch_no, row_number, line_number, fix_number, rank, source_version, received_seq, outcome,
    superseded, settlement_no, sale, sale_date, received_date
  )
  WITH
  receipt_days AS (
    SELECT root_no AS batch_no, fix_number, MIN(received_date) AS received_date
    FROM batches
    GROUP BY root_no, fix_number
  ),
  known_keys AS (
    SELECT key, MIN(sale) AS sale, MIN(sale_date) AS sale_date
    FROM sale_versions_before_002
    GROUP BY key
  ),
  dated_sightings AS (
    SELECT
      sightings.*,
      COALESCE(known_keys.sale, 0) AS sale,
      COALESCE(versions.sale_date, known_keys.sale_date, receipt_days.received_date) AS sale_date,
      receipt_days.received_date
    FROM sightings_before_002 AS sightings
    LEFT JOIN receipt_days
      ON receipt_days.batch_no = sightings.batch_no AND receipt_days.fix_number = sightings.fix_number
    LEFT JOIN sale_versions_before_002 AS versions
      ON versions.key = sightings.key AND versions.content = sightings.content
    LEFT JOIN known_keys ON known_keys.key = sightings.key
  )
  SELECT
    key, content, batch_no, row_number, line_number, fix_number, rank, source_version, received_seq, outcome,
    superseded, settlement_no, sale, sale_date, received_date
  FROM dated_sightings
  WHERE DIV(EXTRACT(YEAR FROM sale_date), 10) = decade.number;

  INSERT INTO day_sums (
    sale_date, region, store_id, salesperson_id, channel, country, category, status, currency, lines, orders, net,
    quantity, cost, costed_net, costed_lines, first_sale, last_sale
  )
  SELECT
    sale_date, region, store_id, salesperson_id, channel, country, category, status, currency, lines, orders, net,
    quantity, cost, costed_net, costed_lines, first_sale, last_sale
  FROM day_sums_before_002
  WHERE DIV(EXTRACT(YEAR FROM sale_date), 10) = decade.number;

  INSERT INTO product_sums (
    sale_date, region, product_id, product_name, category, status, currency, lines, orders, net, quantity, cost,
    costed_net, costed_lines, first_sale, last_sale
  )
  SELECT
    sale_date, region, product_id, product_name, category, status, currency, lines, orders, net, quantity, cost,
    costed_net, costed_lines, first_sale, last_sale
  FROM product_sums_before_002
  WHERE DIV(EXTRACT(YEAR FROM sale_date), 10) = decade.number;

  INSERT INTO customer_sums (
    sale_date, region, store_id, salesperson_id, channel, country, customer_id, customer_name, status, currency, lines,
    orders, net, quantity, cost, costed_net, costed_lines, first_sale, last_sale
  )
  SELECT
    sale_date, region, store_id, salesperson_id, channel, country, customer_id, customer_name, status, currency, lines,
    orders, net, quantity, cost, costed_net, costed_lines, first_sale, last_sale
  FROM customer_sums_before_002
  WHERE DIV(EXTRACT(YEAR FROM sale_date), 10) = decade.number;
END FOR;

FOR decade IN (
  SELECT DIV(EXTRACT(YEAR FROM sale_date), 10) AS number
  FROM sightings
  UNION DISTINCT
  SELECT DIV(EXTRACT(YEAR FROM received_date), 10)
  FROM batches
  UNION DISTINCT
  SELECT DIV(EXTRACT(YEAR FROM sale_date), 10)
  FROM statements_before_002
  WHERE sale_date IS NOT NULL
)
DO
  INSERT INTO statements (
    batch_no, scope, whole, rank, source_version, received_seq, region, store_id, sale_date, received_date,
    settlement_no
  )
  WITH
  first_days AS (
    SELECT batch_no, sale, MIN(sale_date) AS sale_date
    FROM sightings
    GROUP BY batch_no, sale
  ),
  dated_statements AS (
    SELECT
      statements.* EXCEPT (sale_date),
      COALESCE(statements.sale_date, first_days.sale_date, batches.received_date) AS sale_date,
      batches.received_date,
      batches.settlement_no
    FROM statements_before_002 AS statements
    LEFT JOIN batches ON batches.batch_no = statements.batch_no
    LEFT JOIN first_days ON first_days.batch_no = statements.batch_no AND first_days.sale = statements.scope
  )
  SELECT
    batch_no, scope, whole, rank, source_version, received_seq, region, store_id, sale_date, received_date,
    settlement_no
  FROM dated_statements
  WHERE DIV(EXTRACT(YEAR FROM sale_date), 10) = decade.number;
END FOR;

INSERT INTO batch_days (batch_no, received_date, sale_date, settlement_no)
SELECT DISTINCT batch_no, received_date, sale_date, settlement_no
FROM sightings;

-- All days of all sales with a changed line, because another line may represent such a sale now.
INSERT INTO settlement_days (settlement_no, sale_date)
WITH
changed_sales AS (
  SELECT settlement_no, sale
  FROM sale_versions_before_002
  UNION DISTINCT
  SELECT listed_changes_before_002.settlement_no, sale_versions_before_002.sale
  FROM listed_changes_before_002
  INNER JOIN sale_versions_before_002 ON sale_versions_before_002.key = listed_changes_before_002.key
)
SELECT DISTINCT changed_sales.settlement_no, sale_versions_before_002.sale_date
FROM changed_sales
INNER JOIN sale_versions_before_002 ON sale_versions_before_002.sale = changed_sales.sale;

INSERT INTO epoch (number, settlement_no, batch_no)
SELECT
  COALESCE(MAX(number), 0) + 1,
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements),
  (SELECT COALESCE(MAX(batch_no), 0) FROM batches)
FROM epoch_before_002;
