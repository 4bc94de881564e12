-- Counts of products that were counted in the store before, with the units that were expected: those of the count before,
-- plus movements and minus units sold between the two counts, by the rules of computed_stock_levels. Reads
-- visible_movements (rows of current_movements) and visible_stock_lines (rows of line_facts that change stock).
-- reads: visible_movements, visible_stock_lines
WITH
counts AS (
  SELECT
    region,
    store_id,
    product,
    movement_id,
    SUM(quantity) AS counted,
    MAX(stock_date) AS counted_on,
    MAX(occurred_at) AS counted_at,
    MAX(day_part) AS day_part,
    MAX(recorded_seq) AS recorded_seq
  FROM visible_movements
  WHERE kind = 'count'
  GROUP BY region, store_id, product, movement_id
),
numbered AS (
  SELECT
    counts.*,
    ROW_NUMBER() OVER (
      PARTITION BY region, store_id, product
      ORDER BY
        counted_on,
        CASE WHEN counted_at IS NOT NULL THEN 1 WHEN day_part = 'before opening' THEN 0 ELSE 2 END,
        counted_at,
        recorded_seq,
        movement_id
    ) AS number
  FROM counts
),
spans AS (
  SELECT
    numbered.region,
    numbered.store_id,
    numbered.product,
    numbered.number,
    numbered.movement_id,
    numbered.counted,
    numbered.counted_on,
    numbered.counted_at,
    numbered.day_part,
    earlier.counted AS earlier_counted,
    earlier.counted_on AS earlier_on,
    earlier.counted_at AS earlier_at,
    earlier.day_part AS earlier_part
  FROM numbered
  INNER JOIN numbered AS earlier
    ON earlier.region = numbered.region
    AND earlier.store_id = numbered.store_id
    AND earlier.product = numbered.product
    AND earlier.number = numbered.number - 1
),
unsellable AS (
  SELECT DISTINCT region, reference AS sale_id, product
  FROM visible_movements
  WHERE kind = 'unsellable-return'
),
facts AS (
  SELECT region, store_id, product, stock_date AS day, occurred_at AS happened_at, change
  FROM visible_movements
  WHERE change IS NOT NULL
  UNION ALL
  SELECT lines.region, lines.store_id, lines.product, lines.sale_date AS day, lines.sold_at AS happened_at, -lines.units AS change
  FROM visible_stock_lines AS lines
  LEFT JOIN unsellable
    ON unsellable.region = lines.region
    AND unsellable.sale_id = lines.sale_id
    AND unsellable.product = lines.product
  WHERE lines.units > 0 OR unsellable.product IS NULL
),
changes AS (
  SELECT spans.region, spans.store_id, spans.product, spans.number, SUM(facts.change) AS change
  FROM spans
  INNER JOIN facts
    ON facts.region = spans.region AND facts.store_id = spans.store_id AND facts.product = spans.product
  WHERE IF(
    facts.happened_at IS NOT NULL AND spans.earlier_at IS NOT NULL,
    facts.happened_at > spans.earlier_at,
    facts.day > spans.earlier_on OR (facts.day = spans.earlier_on AND spans.earlier_part = 'before opening')
  )
  AND NOT IF(
    facts.happened_at IS NOT NULL AND spans.counted_at IS NOT NULL,
    facts.happened_at > spans.counted_at,
    facts.day > spans.counted_on OR (facts.day = spans.counted_on AND spans.day_part = 'before opening')
  )
  GROUP BY spans.region, spans.store_id, spans.product, spans.number
),
final AS (
  SELECT
    spans.region,
    spans.store_id,
    spans.product,
    spans.movement_id,
    spans.counted_on,
    spans.counted_at,
    CAST(spans.counted AS NUMERIC) AS counted,
    CAST(spans.earlier_counted + COALESCE(changes.change, 0) AS NUMERIC) AS expected,
    CAST(spans.counted - spans.earlier_counted - COALESCE(changes.change, 0) AS NUMERIC) AS difference
  FROM spans
  LEFT JOIN changes
    ON changes.region = spans.region
    AND changes.store_id = spans.store_id
    AND changes.product = spans.product
    AND changes.number = spans.number
)
SELECT * FROM final
