-- The tables of stock and of suppliers are new. Products of the catalogue gain what orders need; the mirror of the catalogue
-- fills it.
ALTER TABLE IF EXISTS catalogue_products ADD COLUMN IF NOT EXISTS minimum_order NUMERIC;

ALTER TABLE IF EXISTS catalogue_products ADD COLUMN IF NOT EXISTS shelf_life_days NUMERIC;

ALTER TABLE IF EXISTS catalogue_products ADD COLUMN IF NOT EXISTS minimum_stock NUMERIC;
