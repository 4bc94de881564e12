-- Stock at the end of each day with a count, movement or sale, by store and product, from the day of the first count on;
-- it stays the same until the next row. The order of facts of a day is that of computed_stock_levels: a fact of the day of
-- a count is after it if its time is later; if one of them has no time of day, if the count was before opening. Facts of
-- other days are before or after it by their business days.
-- moved and sold are the units that came and went on the whole day; counted is the last count of the day, or NULL. has_sale:
-- something was sold, even if as much was returned.
-- Reads visible_movements (rows of current_movements) and visible_stock_lines (rows of line_facts that are not cancelled and
-- have a store, a product and units).
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
unsellable AS (
  SELECT DISTINCT region, reference AS sale_id, product
  FROM visible_movements
  WHERE kind = 'unsellable-return'
),
facts AS (
  SELECT
    region,
    store_id,
    product,
    stock_date AS stock_day,
    occurred_at,
    change AS moved,
    CAST(0 AS NUMERIC) AS sold,
    FALSE AS is_sale
  FROM visible_movements
  WHERE change IS NOT NULL
  UNION ALL
  SELECT
    region,
    store_id,
    product,
    stock_day,
    CAST(NULL AS TIMESTAMP) AS occurred_at,
    CAST(0 AS NUMERIC) AS moved,
    CAST(0 AS NUMERIC) AS sold,
    FALSE AS is_sale
  FROM counts_of_days
  UNION ALL
  SELECT
    lines.region,
    lines.store_id,
    lines.product,
    lines.sale_date AS stock_day,
    lines.sold_at AS occurred_at,
    CAST(0 AS NUMERIC) AS moved,
    IF(lines.units < 0 AND unsellable.product IS NOT NULL, 0, lines.units) AS sold,
    lines.units > 0 AS is_sale
  FROM visible_stock_lines AS lines
  LEFT JOIN unsellable
    ON unsellable.region = lines.region
    AND unsellable.sale_id = lines.sale_id
    AND unsellable.product = lines.product
),
days AS (
  SELECT
    facts.region,
    facts.store_id,
    facts.product,
    facts.stock_day,
    MAX(counts_of_days.counted) AS counted,
    SUM(facts.moved) AS moved,
    SUM(facts.sold) AS sold,
    SUM(
      IF(
        counts_of_days.product IS NULL
        OR IF(
          facts.occurred_at IS NOT NULL AND counts_of_days.counted_at IS NOT NULL,
          facts.occurred_at > counts_of_days.counted_at,
          counts_of_days.day_part = 'before opening'
        ),
        facts.moved - facts.sold,
        0
      )
    ) AS change,
    LOGICAL_OR(facts.is_sale) AS has_sale
  FROM facts
  INNER JOIN first_counts
    ON first_counts.region = facts.region
    AND first_counts.store_id = facts.store_id
    AND first_counts.product = facts.product
  LEFT JOIN counts_of_days
    ON counts_of_days.region = facts.region
    AND counts_of_days.store_id = facts.store_id
    AND counts_of_days.product = facts.product
    AND counts_of_days.stock_day = facts.stock_day
  WHERE facts.stock_day >= first_counts.first_day
  GROUP BY facts.region, facts.store_id, facts.product, facts.stock_day
),
counted_days AS (
  SELECT
    days.*,
    COUNT(counted) OVER (PARTITION BY region, store_id, product ORDER BY stock_day) AS count_no
  FROM days
),
final AS (
  SELECT
    region,
    store_id,
    product,
    stock_day,
    CAST(counted AS NUMERIC) AS counted,
    CAST(moved AS NUMERIC) AS moved,
    CAST(sold AS NUMERIC) AS sold,
    has_sale,
    CAST(
      SUM(COALESCE(counted, 0) + change) OVER (
        PARTITION BY region, store_id, product, count_no
        ORDER BY stock_day
      ) AS NUMERIC
    ) AS on_hand
  FROM counted_days
)
SELECT * FROM final
