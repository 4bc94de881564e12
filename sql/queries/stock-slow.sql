-- Stock that is not sold, or slowly: dead stock had no sale for some days; slow stock lasts long at the sales of the last 56
-- days. Stock that never sold counts from its first movement. stock_cost is in the reporting currency. matching is the number
-- of rows of all pages. Rows are filtered by region, store, category and product.
-- @today DATE: day on which the days without a sale end
-- @days INT64 = 90: days without a sale from which stock is dead
-- @cover INT64 = 180: days of cover from which stock is slow
-- @speed STRING = all of all|dead|slow: which stock
-- @limit INT64 = 100: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: named_stock_levels, visible_movements, visible_stock_lines
-- amounts: converted
WITH
levels AS (
  SELECT * FROM named_stock_levels WHERE on_hand > 0
),
sales AS (
  SELECT region, store_id, product, MAX(sale_date) AS last_sold
  FROM visible_stock_lines
  WHERE units > 0 AND sale_date <= @today
  GROUP BY region, store_id, product
),
arrivals AS (
  SELECT region, store_id, product, MIN(stock_date) AS first_day
  FROM visible_movements
  GROUP BY region, store_id, product
),
aged AS (
  SELECT
    levels.*,
    sales.last_sold,
    DATE_DIFF(@today, COALESCE(sales.last_sold, arrivals.first_day), DAY) AS days_without_sale
  FROM levels
  LEFT JOIN sales
    ON sales.region = levels.region AND sales.store_id = levels.store_id AND sales.product = levels.product
  LEFT JOIN arrivals
    ON arrivals.region = levels.region AND arrivals.store_id = levels.store_id AND arrivals.product = levels.product
),
rated AS (
  SELECT
    aged.*,
    CASE
      WHEN days_without_sale >= @days THEN 'dead'
      WHEN days_of_cover >= @cover THEN 'slow'
    END AS speed
  FROM aged
),
final AS (
  SELECT
    region,
    store_id,
    store_name,
    product,
    product_name,
    category,
    supplier,
    speed,
    on_hand,
    recent_units,
    days_of_cover,
    last_sold,
    days_without_sale,
    unit_cost,
    stock_cost,
    COUNT(*) OVER () AS matching
  FROM rated
  WHERE speed IS NOT NULL AND (@speed = 'all' OR speed = @speed)
)
SELECT * FROM final
ORDER BY stock_cost DESC, on_hand DESC, product_name, region, store_id, product
LIMIT @limit OFFSET @offset
