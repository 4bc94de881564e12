-- The daily totals have the orders by category, product and customer.
ALTER TABLE IF EXISTS day_sums ADD COLUMN IF NOT EXISTS split_orders INT64;

ALTER TABLE IF EXISTS product_sums ADD COLUMN IF NOT EXISTS split_orders INT64;

ALTER TABLE IF EXISTS customer_sums ADD COLUMN IF NOT EXISTS split_orders INT64;
