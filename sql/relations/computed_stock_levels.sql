-- Stock by store and product: units of the last count, plus movements and minus units sold after it. A fact is after a
-- count if its time is later; if one of them has no time of day, if its business day is later, or the same one and the
-- count was before opening. Lines of one count add up. A product that was never counted or moved in a store has a row if it
-- was sold there in the recent days: the 56 days until @today, or until @day if @today is NULL.
-- Reads visible_movements (rows of current_movements) and visible_stock_lines (rows of line_facts that are not cancelled and
-- have a store, a product and units), both until @day and, where they have a time of day, until @at, if it is not
-- NULL. Without a time of day, what happened before opening is earlier than any time of its day, and all else later.
-- reads: visible_movements, visible_stock_lines
WITH
chosen_movements AS (
  SELECT *
  FROM visible_movements
  WHERE IF(
    @at IS NOT NULL AND occurred_at IS NOT NULL,
    occurred_at <= CAST(@at AS TIMESTAMP),
    stock_date < @day OR (stock_date = @day AND (@at IS NULL OR day_part = 'before opening'))
  )
),
chosen_lines AS (
  SELECT *
  FROM visible_stock_lines
  WHERE IF(
    @at IS NOT NULL AND sold_at IS NOT NULL,
    sold_at <= CAST(@at AS TIMESTAMP),
    sale_date < @day OR (sale_date = @day AND @at IS NULL)
  )
),
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
  FROM chosen_movements
  WHERE kind = 'count'
  GROUP BY region, store_id, product, movement_id
),
last_counts AS (
  SELECT *
  FROM counts
  WHERE TRUE  -- BigQuery requires a WHERE with QUALIFY
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY region, store_id, product
    ORDER BY
      counted_on DESC,
      CASE WHEN counted_at IS NOT NULL THEN 1 WHEN day_part = 'before opening' THEN 0 ELSE 2 END DESC,
      counted_at DESC,
      recorded_seq DESC,
      movement_id DESC
  ) = 1
),
moved AS (
  SELECT
    movements.region,
    movements.store_id,
    movements.product,
    SUM(
      IF(
        last_counts.product IS NULL
        OR IF(
          movements.occurred_at IS NOT NULL AND last_counts.counted_at IS NOT NULL,
          movements.occurred_at > last_counts.counted_at,
          movements.stock_date > last_counts.counted_on
          OR (movements.stock_date = last_counts.counted_on AND last_counts.day_part = 'before opening')
        ),
        movements.change,
        0
      )
    ) AS moved
  FROM chosen_movements AS movements
  LEFT JOIN last_counts
    ON last_counts.region = movements.region
    AND last_counts.store_id = movements.store_id
    AND last_counts.product = movements.product
  WHERE movements.change IS NOT NULL
  GROUP BY movements.region, movements.store_id, movements.product
),
unsellable AS (
  SELECT DISTINCT region, store_id, reference AS sale_id, product
  FROM chosen_movements
  WHERE kind = 'unsellable-return'
),
lines AS (
  SELECT
    chosen_lines.*,
    chosen_lines.sale_date > DATE_SUB(COALESCE(CAST(@today AS DATE), @day), INTERVAL 56 DAY) AS is_recent,
    IF(
      IF(
        chosen_lines.sold_at IS NOT NULL AND last_counts.counted_at IS NOT NULL,
        chosen_lines.sold_at > last_counts.counted_at,
        chosen_lines.sale_date > last_counts.counted_on
        OR (chosen_lines.sale_date = last_counts.counted_on AND last_counts.day_part = 'before opening')
      )
      AND NOT (chosen_lines.units < 0 AND unsellable.product IS NOT NULL),
      chosen_lines.units,
      0
    ) AS sold_units
  FROM chosen_lines
  LEFT JOIN last_counts
    ON last_counts.region = chosen_lines.region
    AND last_counts.store_id = chosen_lines.store_id
    AND last_counts.product = chosen_lines.product
  LEFT JOIN unsellable
    ON unsellable.region = chosen_lines.region
    AND unsellable.store_id = chosen_lines.store_id
    AND unsellable.sale_id = chosen_lines.sale_id
    AND unsellable.product = chosen_lines.product
),
sold AS (
  SELECT
    region,
    store_id,
    product,
    SUM(sold_units) AS sold,
    SUM(IF(is_recent, 0, sold_units)) AS early_sold,
    SUM(
      IF(
        is_recent AND units > 0 AND sale_date <= COALESCE(CAST(@today AS DATE), @day),
        units,
        0
      )
    ) AS recent_units,
    COALESCE(MAX(IF(is_recent, product_name, NULL)), MAX(product_name)) AS product_name,
    COALESCE(MAX(IF(is_recent, category, NULL)), MAX(category)) AS category
  FROM lines
  GROUP BY region, store_id, product
),
transfers AS (
  SELECT
    region,
    IF(kind = 'transfer-out', other_store, store_id) AS store_id,
    product,
    reference,
    SUM(IF(kind = 'transfer-out', quantity, -quantity)) AS units
  FROM chosen_movements
  WHERE kind IN ('transfer-out', 'transfer-in', 'transfer-loss')
  GROUP BY region, IF(kind = 'transfer-out', other_store, store_id), product, reference
),
in_transit AS (
  SELECT region, store_id, product, SUM(units) AS units
  FROM transfers
  WHERE units > 0
  GROUP BY region, store_id, product
),
pairs AS (
  SELECT region, store_id, product FROM last_counts
  UNION DISTINCT
  SELECT region, store_id, product FROM moved
  UNION DISTINCT
  SELECT region, store_id, product FROM sold
  UNION DISTINCT
  SELECT region, store_id, product FROM in_transit
),
final AS (
  SELECT
    pairs.region,
    pairs.store_id,
    pairs.product,
    CAST(last_counts.counted AS NUMERIC) AS counted,
    last_counts.counted_on,
    last_counts.counted_at,
    CAST(COALESCE(moved.moved, 0) AS NUMERIC) AS moved,
    CAST(IF(last_counts.product IS NULL, NULL, COALESCE(sold.sold, 0)) AS NUMERIC) AS sold,
    CAST(last_counts.counted + COALESCE(moved.moved, 0) - COALESCE(sold.sold, 0) AS NUMERIC) AS on_hand,
    CAST(COALESCE(in_transit.units, 0) AS NUMERIC) AS in_transit,
    CAST(COALESCE(sold.recent_units, 0) AS NUMERIC) AS recent_units,
    sold.product_name,
    sold.category,
    CAST(IF(last_counts.product IS NULL, NULL, COALESCE(sold.early_sold, 0)) AS NUMERIC) AS early_sold,
    IF(
      last_counts.product IS NULL,
      NULL,
      DATE_SUB(COALESCE(CAST(@today AS DATE), @day), INTERVAL 55 DAY)
    ) AS recent_from
  FROM pairs
  LEFT JOIN last_counts
    ON last_counts.region = pairs.region
    AND last_counts.store_id = pairs.store_id
    AND last_counts.product = pairs.product
  LEFT JOIN moved
    ON moved.region = pairs.region AND moved.store_id = pairs.store_id AND moved.product = pairs.product
  LEFT JOIN sold
    ON sold.region = pairs.region AND sold.store_id = pairs.store_id AND sold.product = pairs.product
  LEFT JOIN in_transit
    ON in_transit.region = pairs.region
    AND in_transit.store_id = pairs.store_id
    AND in_transit.product = pairs.product
  WHERE last_counts.product IS NOT NULL
    OR moved.product IS NOT NULL
    OR in_transit.product IS NOT NULL
    OR sold.recent_units > 0
)
SELECT * FROM final
