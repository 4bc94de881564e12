-- Products in stores whose lines settlements changed, or that movements concern, or that were sold on some days.
-- - counted_on: Business day of the last count; NULL if there was none
-- - lines_changed: TRUE if settlements changed lines of it
-- - kept_sold: Units sold from the last count until before kept_until, as stored; NULL if they are to be computed: there
-- are none, a settlement changed a line of these days or removed a name, or a movement changed what is counted
-- - kept_until: Day before which lines need not be read; NULL if kept_sold is
-- @after INT64: settlements after this one count
-- @last INT64: settlements up to this one count
-- @days ARRAY<DATE>: the days that these settlements changed
-- @movements ARRAY<STRING>: IDs of movements
-- @sold_on ARRAY<DATE>: the days of the sales
-- @last_kept DATE: units that are kept until a later day are not used
WITH
changed AS (
  SELECT key, old AS content, TRUE AS is_removed
  FROM listed_changes
  WHERE settlement_no > @after AND settlement_no <= @last AND old IS NOT NULL
  UNION ALL
  SELECT key, listed_changes.new AS content, FALSE AS is_removed
  FROM listed_changes
  WHERE settlement_no > @after AND settlement_no <= @last AND listed_changes.new IS NOT NULL
),
versions AS (
  SELECT
    sale_versions.region,
    sale_versions.store_id,
    sale_versions.product_id,
    sale_versions.product_name,
    sale_versions.sale_date,
    changed.is_removed
  FROM sale_versions
  INNER JOIN changed ON changed.key = sale_versions.key AND changed.content = sale_versions.content
  WHERE sale_versions.sale_date IN UNNEST(@days)
  UNION ALL
  SELECT
    sale_versions.region,
    sale_versions.store_id,
    sale_versions.product_id,
    sale_versions.product_name,
    sale_versions.sale_date,
    FALSE AS is_removed
  FROM sale_versions
  INNER JOIN settlements ON settlements.settlement_no = sale_versions.settlement_no
  WHERE settlements.only_adds
    AND sale_versions.settlement_no > @after
    AND sale_versions.settlement_no <= @last
    AND sale_versions.sale_date IN UNNEST(@days)
),
entered AS (
  SELECT movement_id FROM stock_movements WHERE movement_id IN UNNEST(@movements)
  UNION DISTINCT
  SELECT reference AS movement_id
  FROM stock_movements
  WHERE kind = 'cancellation' AND movement_id IN UNNEST(@movements)
),
moved AS (
  SELECT
    stock_movements.region,
    stock_movements.store_id,
    stock_movements.other_store,
    stock_movements.product_id,
    stock_movements.kind IN ('count', 'unsellable-return') AS reads_all
  FROM stock_movements
  INNER JOIN entered ON entered.movement_id = stock_movements.movement_id
  WHERE stock_movements.product_id IS NOT NULL
),
named AS (
  SELECT
    region,
    store_id,
    product_id,
    product_name,
    MIN(sale_date) AS first_changed,
    LOGICAL_AND(is_removed) AS reads_all
  FROM versions
  GROUP BY region, store_id, product_id, product_name
  UNION ALL
  SELECT
    region,
    store_id,
    product_id,
    CAST(NULL AS STRING) AS product_name,
    CAST(NULL AS DATE) AS first_changed,
    reads_all
  FROM moved
  UNION ALL
  SELECT
    region,
    other_store AS store_id,
    product_id,
    CAST(NULL AS STRING) AS product_name,
    CAST(NULL AS DATE) AS first_changed,
    FALSE AS reads_all
  FROM moved
  WHERE other_store IS NOT NULL
),
codes AS (
  SELECT * FROM catalogue_codes
),
common_codes AS (
  SELECT * FROM catalogue_codes WHERE region = '*'
),
products AS (
  SELECT
    named.region,
    named.store_id,
    named.first_changed,
    named.reads_all,
    COALESCE(codes.product_id, common_codes.product_id, named.product_id, named.product_name) AS product
  FROM named
  LEFT JOIN codes ON codes.region = named.region AND codes.code = named.product_id
  LEFT JOIN common_codes ON common_codes.code = named.product_id
),
pairs AS (
  SELECT region, store_id, product, first_changed, reads_all
  FROM products
  WHERE store_id IS NOT NULL AND product IS NOT NULL
  UNION ALL
  SELECT DISTINCT region, store_id, product, CAST(NULL AS DATE) AS first_changed, FALSE AS reads_all
  FROM line_facts
  WHERE sale_date IN UNNEST(@sold_on) AND is_active AND store_id IS NOT NULL AND product IS NOT NULL
),
grouped AS (
  SELECT
    region,
    store_id,
    product,
    MIN(first_changed) AS first_changed,
    LOGICAL_OR(reads_all) AS reads_all
  FROM pairs
  GROUP BY region, store_id, product
),
counts AS (
  SELECT region, store_id, product, MAX(stock_date) AS counted_on
  FROM current_movements
  WHERE kind = 'count'
  GROUP BY region, store_id, product
),
kept AS (
  SELECT region, store_id, product, early_sold, recent_from
  FROM stock_levels
  WHERE early_sold IS NOT NULL AND recent_from <= @last_kept
),
final AS (
  SELECT
    grouped.region,
    grouped.store_id,
    grouped.product,
    counts.counted_on,
    grouped.first_changed IS NOT NULL AS lines_changed,
    kept.early_sold AS kept_sold,
    kept.recent_from AS kept_until
  FROM grouped
  LEFT JOIN counts
    ON counts.region = grouped.region AND counts.store_id = grouped.store_id AND counts.product = grouped.product
  LEFT JOIN kept
    ON kept.region = grouped.region
    AND kept.store_id = grouped.store_id
    AND kept.product = grouped.product
    AND DATE_SUB(kept.recent_from, INTERVAL 1 DAY) > counts.counted_on
    AND NOT grouped.reads_all
    AND (grouped.first_changed IS NULL OR grouped.first_changed >= kept.recent_from)
)
SELECT * FROM final
