-- The catalogue's tables of products, stores and salespeople have names of their own: the dimensions are views, which also
-- have what was sold and is not in the catalogue. The tables of the calendar and of the secret are new.
ALTER TABLE IF EXISTS dim_product RENAME TO catalogue_products;

ALTER TABLE IF EXISTS dim_store RENAME TO catalogue_stores;

ALTER TABLE IF EXISTS dim_salesperson RENAME TO catalogue_salespeople;
