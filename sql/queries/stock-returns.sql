-- Products that customers returned, latest first, and the movement with which they were marked as unsellable: without one,
-- the returned units are in stock again. matching is the number of rows of all pages.
-- @since DATE = 0001-01-01: no earlier returns
-- @text STRING = : only products or sales whose ID or name contains it, ignoring case
-- @limit INT64 = 100: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: catalogue_names, visible_movements, visible_stock_lines
WITH
returned AS (
  SELECT
    region,
    store_id,
    sale_id,
    product,
    MAX(product_name) AS sold_name,
    MAX(sale_date) AS returned_on,
    CAST(-SUM(units) AS NUMERIC) AS units
  FROM visible_stock_lines
  WHERE units < 0 AND sale_date >= @since
  GROUP BY region, store_id, sale_id, product
),
marks AS (
  SELECT region, store_id, reference AS sale_id, product, MAX(movement_id) AS movement_id
  FROM visible_movements
  WHERE kind = 'unsellable-return'
  GROUP BY region, store_id, reference, product
),
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
named AS (
  SELECT
    returned.* EXCEPT (sold_name),
    COALESCE(names.name, returned.sold_name, returned.product) AS product_name,
    marks.movement_id
  FROM returned
  LEFT JOIN names ON names.code = returned.product
  LEFT JOIN marks
    ON marks.region = returned.region
    AND marks.store_id = returned.store_id
    AND marks.sale_id = returned.sale_id
    AND marks.product = returned.product
),
final AS (
  SELECT named.*, COUNT(*) OVER () AS matching
  FROM named
  WHERE @text = '' OR STRPOS(LOWER(CONCAT(product, ' ', product_name, ' ', sale_id)), LOWER(@text)) > 0
)
SELECT * FROM final
ORDER BY returned_on DESC, region, sale_id, product
LIMIT @limit OFFSET @offset
