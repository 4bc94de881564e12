-- What changed the stock of a store since a day: the units that each movement and sale adds, with their times.
-- @region STRING: region of the store
-- @store STRING: store
-- @first_day DATE: first business day
WITH
unsellable AS (
  SELECT DISTINCT reference AS sale_id, product
  FROM current_movements
  WHERE kind = 'unsellable-return' AND region = @region
),
final AS (
  SELECT product, stock_date AS day, occurred_at, change
  FROM current_movements
  WHERE region = @region AND store_id = @store AND stock_date >= @first_day AND change IS NOT NULL
  UNION ALL
  SELECT
    line_facts.product,
    line_facts.sale_date AS day,
    line_facts.sold_at AS occurred_at,
    IF(line_facts.units < 0 AND unsellable.product IS NOT NULL, 0, -line_facts.units) AS change
  FROM line_facts
  LEFT JOIN unsellable ON unsellable.sale_id = line_facts.sale_id AND unsellable.product = line_facts.product
  WHERE
    line_facts.region = @region
    AND line_facts.store_id = @store
    AND line_facts.sale_date >= @first_day
    AND line_facts.is_active
    AND line_facts.product IS NOT NULL
    AND line_facts.units IS NOT NULL
)
SELECT product, day, occurred_at, CAST(change AS NUMERIC) AS change FROM final
