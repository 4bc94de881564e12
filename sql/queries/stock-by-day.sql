-- Stock by store and product on the days from @first_day to @last_day, in spans of days at whose end it was the same: status,
-- units on hand, units sold in the 56 days until the last day with sales, and the units up to which stock is low. It is what is stored today about
-- these days: late files, undos and corrections count, as do the minimum stock and the lead times of today. next_day is the
-- day after the span. Only the @products products in stores are read that have sold most until today. Rows are filtered by
-- region, store, category and product.
-- @first_day DATE: first business day
-- @last_day DATE: last business day
-- @status STRING = all of all|in-stock|low|out|negative: status at the end of the days
-- @products INT64 = 10000: maximum number of products in stores
-- reads: stock_days, until_sums, visible_stock_facts, visible_stock_lines
WITH
levels AS (
  SELECT region, store_id, product, product_name, minimum_stock, lead_time_days
  FROM visible_stock_facts
  WHERE on_hand IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (ORDER BY recent_units DESC, region, store_id, product) <= @products
),
counted_days AS (
  SELECT
    region,
    store_id,
    product,
    GREATEST(stock_day, @first_day) AS change_day,
    1 AS counted,
    on_hand - COALESCE(LAG(on_hand) OVER (PARTITION BY pair_no ORDER BY stock_day), 0) AS units,
    0 AS recent_units
  FROM stock_days
  WHERE stock_day <= @last_day
),
sold AS (
  SELECT region, store_id, product, sale_date, SUM(units) AS units
  FROM visible_stock_lines
  WHERE units > 0 AND sale_date > DATE_SUB(@first_day, INTERVAL 112 DAY) AND sale_date <= @last_day
  GROUP BY region, store_id, product, sale_date
),
days_with_sales AS (
  SELECT DISTINCT sale_date FROM until_sums WHERE sale_date <= @last_day
),
ends AS (
  SELECT days_with_sales.sale_date, MIN(later.sale_date) AS end_day
  FROM days_with_sales
  INNER JOIN days_with_sales AS later ON later.sale_date >= DATE_ADD(days_with_sales.sale_date, INTERVAL 56 DAY)
  WHERE days_with_sales.sale_date > DATE_SUB(@first_day, INTERVAL 112 DAY)
  GROUP BY days_with_sales.sale_date
),
changes AS (
  SELECT * FROM counted_days
  UNION ALL
  SELECT region, store_id, product, GREATEST(sale_date, @first_day), 0, 0, units
  FROM sold
  UNION ALL
  SELECT sold.region, sold.store_id, sold.product, GREATEST(ends.end_day, @first_day), 0, 0, -sold.units
  FROM sold
  INNER JOIN ends ON ends.sale_date = sold.sale_date
),
changed_days AS (
  SELECT
    region,
    store_id,
    product,
    change_day,
    SUM(counted) AS counted,
    SUM(units) AS units,
    SUM(recent_units) AS recent_units
  FROM changes
  GROUP BY region, store_id, product, change_day
),
days AS (
  SELECT
    levels.*,
    changed_days.change_day AS first_day,
    LEAD(changed_days.change_day) OVER pair AS next_day,
    SUM(changed_days.counted) OVER pair AS counted,
    SUM(changed_days.units) OVER pair AS on_hand,
    SUM(changed_days.recent_units) OVER pair AS recent_units
  FROM changed_days
  INNER JOIN levels
    ON levels.region = changed_days.region
    AND levels.store_id = changed_days.store_id
    AND levels.product = changed_days.product
  WINDOW pair AS (PARTITION BY levels.region, levels.store_id, levels.product ORDER BY changed_days.change_day)
),
statuses AS (
  SELECT
    days.*,
    CASE
      WHEN on_hand < 0 THEN 'negative'
      WHEN on_hand = 0 THEN 'out'
      WHEN on_hand <= minimum_stock THEN 'low'
      WHEN
        minimum_stock IS NULL
        AND CAST(on_hand AS BIGNUMERIC) * CAST(56 AS BIGNUMERIC)
        <= CAST(recent_units AS BIGNUMERIC) * CAST(lead_time_days AS BIGNUMERIC)
        THEN 'low'
      ELSE 'in-stock'
    END AS status
  FROM days
  WHERE counted > 0
),
final AS (
  SELECT
    region,
    store_id,
    product,
    product_name,
    first_day,
    COALESCE(next_day, DATE_ADD(@last_day, INTERVAL 1 DAY)) AS next_day,
    status,
    CAST(on_hand AS NUMERIC) AS on_hand,
    CAST(recent_units AS NUMERIC) AS recent_units,
    COALESCE(
      minimum_stock,
      SAFE_DIVIDE(CAST(recent_units * lead_time_days AS NUMERIC), CAST(56 AS NUMERIC))
    ) AS low_below
  FROM statuses
  WHERE @status = 'all' OR status = @status
)
SELECT * FROM final
ORDER BY region, store_id, product, first_day
