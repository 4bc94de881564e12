-- Stock levels gain the units that were sold before the recent days, so that these days are not read again. The next
-- refresh computes all levels.
ALTER TABLE IF EXISTS stock_levels ADD COLUMN IF NOT EXISTS early_sold NUMERIC;

ALTER TABLE IF EXISTS stock_levels ADD COLUMN IF NOT EXISTS recent_from DATE;
