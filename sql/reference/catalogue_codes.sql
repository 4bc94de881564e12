-- One row per code of a product other than its own: aliases and barcodes, for one region or, as `*`, for every region
-- without the code.
CREATE OR REPLACE VIEW catalogue_codes AS
SELECT region, code, MIN(product_id) AS product_id
FROM product_codes
GROUP BY region, code
