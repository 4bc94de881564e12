-- The tables of the catalogue are new, and the totals have the currency of the catalogue's costs: NULL in earlier rows,
-- which have none.
ALTER TABLE IF EXISTS day_sums ADD COLUMN IF NOT EXISTS cost_currency STRING;

ALTER TABLE IF EXISTS product_sums ADD COLUMN IF NOT EXISTS cost_currency STRING;

ALTER TABLE IF EXISTS customer_sums ADD COLUMN IF NOT EXISTS cost_currency STRING;

-- Migration 005 reads these.
CREATE TABLE IF NOT EXISTS dim_product (
  product_id STRING NOT NULL,
  name STRING NOT NULL,
  category STRING,
  pack_size NUMERIC,
  supplier STRING,
  barcode STRING,
  active BOOL NOT NULL,
  valid_from DATE,
  valid_to DATE
);

CREATE TABLE IF NOT EXISTS dim_store (
  region STRING NOT NULL,
  store_id STRING NOT NULL,
  name STRING NOT NULL,
  country STRING,
  time_zone STRING,
  currency STRING,
  latitude NUMERIC,
  longitude NUMERIC,
  opening_hours STRING,
  active BOOL NOT NULL,
  valid_from DATE,
  valid_to DATE
);

CREATE TABLE IF NOT EXISTS dim_salesperson (
  region STRING NOT NULL,
  salesperson_id STRING NOT NULL,
  name STRING NOT NULL,
  stores STRING,
  active BOOL NOT NULL,
  valid_from DATE,
  valid_to DATE
);
