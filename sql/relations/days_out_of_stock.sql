-- Spans of days on which a product was out of stock in a store: all days after the last sale on which stock was 0 or less,
-- from their beginning to their end. next_day is the first day at whose end there was stock again; NULL: there is none.
-- Days before a sale are left out even if no stock is recorded: the product was there, and the records are wrong.
-- Reads stock_days.
-- reads: stock_days
WITH
days AS (
  SELECT
    stock_days.*,
    SUM(IF(on_hand > 0, 1, 0)) OVER (PARTITION BY pair_no ORDER BY stock_day) AS supply_no
  FROM stock_days
),
supplies AS (
  SELECT
    pair_no,
    supply_no,
    MAX(region) AS region,
    MAX(store_id) AS store_id,
    MAX(product) AS product,
    MIN(stock_day) AS supply_day,
    MIN(IF(on_hand > 0, NULL, stock_day)) AS empty_day,
    MAX(IF(on_hand <= 0 AND has_sale, stock_day, NULL)) AS last_sale_day
  FROM days
  GROUP BY pair_no, supply_no
),
spans AS (
  SELECT
    region,
    store_id,
    product,
    DATE_ADD(GREATEST(empty_day, COALESCE(last_sale_day, empty_day)), INTERVAL 1 DAY) AS first_day,
    LEAD(supply_day) OVER (PARTITION BY pair_no ORDER BY supply_no) AS next_day
  FROM supplies
),
final AS (
  SELECT region, store_id, product, first_day, next_day
  FROM spans
  WHERE first_day IS NOT NULL AND (next_day IS NULL OR next_day > first_day)
)
SELECT * FROM final
