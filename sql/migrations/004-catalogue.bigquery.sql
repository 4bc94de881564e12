-- The tables of the catalogue are new, and the totals have the currency of the catalogue's costs: NULL in earlier rows,
-- which have none.
ALTER TABLE IF EXISTS day_sums ADD COLUMN IF NOT EXISTS cost_currency STRING;

ALTER TABLE IF EXISTS product_sums ADD COLUMN IF NOT EXISTS cost_currency STRING;

ALTER TABLE IF EXISTS customer_sums ADD COLUMN IF NOT EXISTS cost_currency STRING;
