-- Stock of one product in one store by day, oldest first: days on which it was counted, moved or sold. stock is that of
-- the end of the day, by the same rules as `stock-levels`; NULL before the first count. counted: units of the last count
-- of the day; moved: units that movements added; sold: units sold, returns deducted.
-- @region STRING: region of the store
-- @store STRING: store
-- @product STRING: product
-- reads: visible_movements, visible_stock_lines
WITH
movements AS (
  SELECT *
  FROM visible_movements
  WHERE region = @region AND store_id = @store AND product = @product
),
unsellable AS (
  SELECT DISTINCT reference AS sale_id FROM movements WHERE kind = 'unsellable-return'
),
counts AS (
  SELECT
    movement_id,
    SUM(quantity) AS counted,
    MAX(stock_date) AS counted_on,
    MAX(occurred_at) AS counted_at,
    MAX(day_part) AS day_part,
    MAX(recorded_seq) AS recorded_seq
  FROM movements
  WHERE kind = 'count'
  GROUP BY movement_id
),
ranked AS (
  SELECT
    counts.*,
    ROW_NUMBER() OVER (
      ORDER BY
        counted_on,
        CASE WHEN counted_at IS NOT NULL THEN 1 WHEN day_part = 'before opening' THEN 0 ELSE 2 END,
        counted_at,
        recorded_seq,
        movement_id
    ) AS position
  FROM counts
),
facts AS (
  SELECT stock_date AS day, occurred_at, change, change AS moved, 0 AS sold
  FROM movements
  WHERE change IS NOT NULL
  UNION ALL
  SELECT
    lines.sale_date AS day,
    lines.sold_at AS occurred_at,
    IF(lines.units < 0 AND unsellable.sale_id IS NOT NULL, 0, -lines.units) AS change,
    0 AS moved,
    lines.units AS sold
  FROM visible_stock_lines AS lines
  LEFT JOIN unsellable ON unsellable.sale_id = lines.sale_id
  WHERE lines.region = @region AND lines.store_id = @store AND lines.product = @product
),
after_counts AS (
  SELECT ranked.position, facts.day, SUM(facts.change) AS change
  FROM ranked
  INNER JOIN facts
    ON IF(
      facts.occurred_at IS NOT NULL AND ranked.counted_at IS NOT NULL,
      facts.occurred_at > ranked.counted_at,
      facts.day > ranked.counted_on OR (facts.day = ranked.counted_on AND ranked.day_part = 'before opening')
    )
  GROUP BY ranked.position, facts.day
),
by_day AS (
  SELECT day, SUM(moved) AS moved, SUM(sold) AS sold FROM facts GROUP BY day
),
days AS (
  SELECT day FROM by_day
  UNION DISTINCT
  SELECT counted_on AS day FROM ranked
),
last_counts AS (
  SELECT days.day, MAX(ranked.position) AS position
  FROM days
  LEFT JOIN ranked ON ranked.counted_on <= days.day
  GROUP BY days.day
),
changes AS (
  SELECT last_counts.day, SUM(after_counts.change) AS change
  FROM last_counts
  INNER JOIN after_counts
    ON after_counts.position = last_counts.position AND after_counts.day <= last_counts.day
  GROUP BY last_counts.day
),
final AS (
  SELECT
    last_counts.day,
    CAST(IF(ranked.counted_on = last_counts.day, ranked.counted, NULL) AS NUMERIC) AS counted,
    CAST(COALESCE(by_day.moved, 0) AS NUMERIC) AS moved,
    CAST(COALESCE(by_day.sold, 0) AS NUMERIC) AS sold,
    CAST(ranked.counted + COALESCE(changes.change, 0) AS NUMERIC) AS stock
  FROM last_counts
  LEFT JOIN ranked ON ranked.position = last_counts.position
  LEFT JOIN by_day ON by_day.day = last_counts.day
  LEFT JOIN changes ON changes.day = last_counts.day
)
SELECT * FROM final
ORDER BY day
