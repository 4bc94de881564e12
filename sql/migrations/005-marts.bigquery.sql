-- The tables of products, stores and salespeople of the catalogue have names of their own: the dimensions are views, which
-- also have what was sold and is not in the catalogue. The tables of the calendar and of the secret are new. The daily
-- totals have the discount; they are computed again.
ALTER TABLE IF EXISTS day_sums ADD COLUMN IF NOT EXISTS discount NUMERIC;

ALTER TABLE IF EXISTS product_sums ADD COLUMN IF NOT EXISTS discount NUMERIC;

ALTER TABLE IF EXISTS customer_sums ADD COLUMN IF NOT EXISTS discount NUMERIC;

UPDATE summed SET settlement_no = 0 WHERE TRUE;

INSERT INTO catalogue_products (product_id, name, category, pack_size, supplier, barcode, active, valid_from, valid_to)
SELECT
  product_id,
  name,
  category,
  pack_size,
  supplier,
  barcode,
  active,
  valid_from,
  valid_to
FROM dim_product_before_005;

INSERT INTO catalogue_stores (region, store_id, name, country, time_zone, currency, latitude, longitude, opening_hours, active, valid_from, valid_to)
SELECT
  region,
  store_id,
  name,
  country,
  time_zone,
  currency,
  latitude,
  longitude,
  opening_hours,
  active,
  valid_from,
  valid_to
FROM dim_store_before_005;

INSERT INTO catalogue_salespeople (region, salesperson_id, name, stores, active, valid_from, valid_to)
SELECT
  region,
  salesperson_id,
  name,
  stores,
  active,
  valid_from,
  valid_to
FROM dim_salesperson_before_005;
