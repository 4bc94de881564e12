-- Products in stores whose lines settlements changed, or that movements concern, or that were sold on some days, each with
-- the business day of its last count (NULL if there was none). lines_changed: settlements changed lines of it.
-- @after INT64: settlements after this one count
-- @days ARRAY<DATE>: the days that these settlements changed
-- @movements ARRAY<STRING>: IDs of movements
-- @sold_on ARRAY<DATE>: the days of the sales
WITH
changed AS (
  SELECT key, old AS content
  FROM listed_changes
  WHERE settlement_no > @after AND old IS NOT NULL
  UNION ALL
  SELECT key, listed_changes.new AS content
  FROM listed_changes
  WHERE settlement_no > @after AND listed_changes.new IS NOT NULL
),
versions AS (
  SELECT sale_versions.region, sale_versions.store_id, sale_versions.product_id, sale_versions.product_name
  FROM sale_versions
  INNER JOIN changed ON changed.key = sale_versions.key AND changed.content = sale_versions.content
  WHERE sale_versions.sale_date IN UNNEST(@days)
  UNION ALL
  SELECT sale_versions.region, sale_versions.store_id, sale_versions.product_id, sale_versions.product_name
  FROM sale_versions
  INNER JOIN settlements ON settlements.settlement_no = sale_versions.settlement_no
  WHERE settlements.only_adds
    AND sale_versions.settlement_no > @after
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
  SELECT stock_movements.region, stock_movements.store_id, stock_movements.other_store, stock_movements.product_id
  FROM stock_movements
  INNER JOIN entered ON entered.movement_id = stock_movements.movement_id
  WHERE stock_movements.product_id IS NOT NULL
),
named AS (
  SELECT region, store_id, product_id, product_name, TRUE AS lines_changed FROM versions
  UNION DISTINCT
  SELECT region, store_id, product_id, CAST(NULL AS STRING) AS product_name, FALSE AS lines_changed FROM moved
  UNION DISTINCT
  SELECT region, other_store AS store_id, product_id, CAST(NULL AS STRING) AS product_name, FALSE AS lines_changed
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
    named.lines_changed,
    COALESCE(codes.product_id, common_codes.product_id, named.product_id, named.product_name) AS product
  FROM named
  LEFT JOIN codes ON codes.region = named.region AND codes.code = named.product_id
  LEFT JOIN common_codes ON common_codes.code = named.product_id
),
pairs AS (
  SELECT region, store_id, product, lines_changed
  FROM products
  WHERE store_id IS NOT NULL AND product IS NOT NULL
  UNION DISTINCT
  SELECT region, store_id, product, FALSE AS lines_changed
  FROM line_facts
  WHERE sale_date IN UNNEST(@sold_on) AND is_active AND store_id IS NOT NULL AND product IS NOT NULL
),
final AS (
  SELECT
    pairs.region,
    pairs.store_id,
    pairs.product,
    MAX(counts.stock_date) AS counted_on,
    LOGICAL_OR(pairs.lines_changed) AS lines_changed
  FROM pairs
  LEFT JOIN current_movements AS counts
    ON counts.region = pairs.region
    AND counts.store_id = pairs.store_id
    AND counts.product = pairs.product
    AND counts.kind = 'count'
  GROUP BY pairs.region, pairs.store_id, pairs.product
)
SELECT * FROM final
