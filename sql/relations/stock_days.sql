-- Stock at the end of each day with a count, movement or sale, by store and product, from the day of the first count on;
-- it stays the same until the next row. The order of facts of a day is that of computed_stock_levels: a fact of the day of
-- a count is after it if its time is later; if one of them has no time of day, if the count was before opening. Facts of
-- other days are before or after it by their business days.
-- moved and sold are the units that were moved and sold on the whole day; counted is the last count of the day, or NULL. has_sale:
-- something was sold, even if as much was returned. pair_no is the same for all days of a product in a store.
-- Reads visible_movements (rows of current_movements) and visible_stock_lines (rows of line_facts that are not cancelled and
-- have a store, a product and units).
-- reads: visible_movements, visible_stock_lines
WITH
counts AS (
  SELECT
    region,
    store_id,
    product,
    movement_id,
    SUM(quantity) AS counted,
    MAX(stock_date) AS stock_day,
    MAX(occurred_at) AS counted_at,
    MAX(day_part) AS day_part,
    MAX(recorded_seq) AS recorded_seq
  FROM visible_movements
  WHERE kind = 'count'
  GROUP BY region, store_id, product, movement_id
),
counts_of_days AS (
  SELECT *
  FROM counts
  WHERE TRUE  -- BigQuery requires a WHERE with QUALIFY
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY region, store_id, product, stock_day
    ORDER BY
      CASE WHEN counted_at IS NOT NULL THEN 1 WHEN day_part = 'before opening' THEN 0 ELSE 2 END DESC,
      counted_at DESC,
      recorded_seq DESC,
      movement_id DESC
  ) = 1
),
first_counts AS (
  SELECT region, store_id, product, MIN(stock_day) AS first_day
  FROM counts
  GROUP BY region, store_id, product
),
pairs AS (
  SELECT
    first_counts.*,
    ROW_NUMBER() OVER (ORDER BY region, store_id, product) AS pair_no
  FROM first_counts
),
day_counts AS (
  SELECT pairs.pair_no, counts_of_days.*
  FROM counts_of_days
  INNER JOIN pairs
    ON pairs.region = counts_of_days.region
    AND pairs.store_id = counts_of_days.store_id
    AND pairs.product = counts_of_days.product
),
unsellable AS (
  SELECT DISTINCT region, reference AS sale_id, product
  FROM visible_movements
  WHERE kind = 'unsellable-return'
),
facts AS (
  SELECT
    pairs.pair_no,
    movements.stock_date AS stock_day,
    movements.occurred_at,
    movements.change AS moved,
    CAST(0 AS NUMERIC) AS sold,
    FALSE AS is_sale
  FROM visible_movements AS movements
  INNER JOIN pairs
    ON pairs.region = movements.region
    AND pairs.store_id = movements.store_id
    AND pairs.product = movements.product
  WHERE movements.change IS NOT NULL AND movements.stock_date >= pairs.first_day
  UNION ALL
  SELECT
    pair_no,
    stock_day,
    CAST(NULL AS TIMESTAMP) AS occurred_at,
    CAST(0 AS NUMERIC) AS moved,
    CAST(0 AS NUMERIC) AS sold,
    FALSE AS is_sale
  FROM day_counts
  UNION ALL
  SELECT
    pairs.pair_no,
    lines.sale_date AS stock_day,
    lines.sold_at AS occurred_at,
    CAST(0 AS NUMERIC) AS moved,
    IF(lines.units < 0 AND unsellable.product IS NOT NULL, 0, lines.units) AS sold,
    lines.units > 0 AS is_sale
  FROM visible_stock_lines AS lines
  INNER JOIN pairs
    ON pairs.region = lines.region AND pairs.store_id = lines.store_id AND pairs.product = lines.product
  LEFT JOIN unsellable
    ON unsellable.region = lines.region
    AND unsellable.sale_id = lines.sale_id
    AND unsellable.product = lines.product
  WHERE lines.sale_date >= pairs.first_day
),
days AS (
  SELECT
    facts.pair_no,
    facts.stock_day,
    MAX(day_counts.counted) AS counted,
    SUM(facts.moved) AS moved,
    SUM(facts.sold) AS sold,
    SUM(
      IF(
        day_counts.pair_no IS NULL
        OR IF(
          facts.occurred_at IS NOT NULL AND day_counts.counted_at IS NOT NULL,
          facts.occurred_at > day_counts.counted_at,
          day_counts.day_part = 'before opening'
        ),
        facts.moved - facts.sold,
        0
      )
    ) AS change,
    LOGICAL_OR(facts.is_sale) AS has_sale
  FROM facts
  LEFT JOIN day_counts ON day_counts.pair_no = facts.pair_no AND day_counts.stock_day = facts.stock_day
  GROUP BY facts.pair_no, facts.stock_day
),
counted_days AS (
  SELECT
    days.*,
    COUNT(counted) OVER (PARTITION BY pair_no ORDER BY stock_day) AS count_no
  FROM days
),
stocked_days AS (
  SELECT
    counted_days.*,
    SUM(COALESCE(counted, 0) + change) OVER (PARTITION BY pair_no, count_no ORDER BY stock_day) AS on_hand
  FROM counted_days
),
final AS (
  SELECT
    pairs.region,
    pairs.store_id,
    pairs.product,
    stocked_days.pair_no,
    stocked_days.stock_day,
    CAST(stocked_days.counted AS NUMERIC) AS counted,
    CAST(stocked_days.moved AS NUMERIC) AS moved,
    CAST(stocked_days.sold AS NUMERIC) AS sold,
    stocked_days.has_sale,
    CAST(stocked_days.on_hand AS NUMERIC) AS on_hand
  FROM stocked_days
  INNER JOIN pairs ON pairs.pair_no = stocked_days.pair_no
)
SELECT * FROM final
