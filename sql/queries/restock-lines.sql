-- The restock queue: products that stores should order or get from another store, with the reason in words. is_due: it
-- should be ordered now. urgency: days until the stock, with what is to arrive, is used up. unit_cost and order_cost are
-- in the reporting currency. matching is the number of lines of all pages. Lines are filtered by region, store, category
-- and product.
-- @state STRING = open of all|open|later|ordered|snoozed|dismissed|deferred: open: to be ordered now; later: can still wait
-- @kind STRING = all of all|order|transfer: from the supplier, or from another store
-- @supplier STRING = : only lines of this supplier
-- @text STRING = : only products whose ID or name contains it, ignoring case
-- @sort STRING = urgency of urgency|product|store|supplier|units|value: order
-- @descending INT64 = 0: 1 for the opposite order
-- @limit INT64 = 100: maximum number of lines
-- @offset INT64 = 0: number of lines to skip
-- reads: catalogue_names, catalogue_suppliers, visible_restock_lines, visible_stock_facts
-- amounts: converted
WITH
stock AS (
  SELECT region, store_id, product, store_name, product_name, category, pack_size, reporting_cost FROM visible_stock_facts
),
names AS (
  SELECT region, code, name FROM catalogue_names WHERE kind = 'store'
),
chosen AS (
  SELECT
    lines.region,
    lines.store_id,
    stock.store_name,
    lines.product,
    stock.product_name,
    stock.category,
    lines.supplier,
    COALESCE(suppliers.name, lines.supplier) AS supplier_name,
    lines.from_store,
    COALESCE(names.name, lines.from_store) AS from_store_name,
    lines.units,
    stock.pack_size,
    IF(lines.state = 'open' AND NOT lines.is_due, 'later', lines.state) AS state,
    lines.until,
    lines.decision,
    lines.on_hand,
    lines.on_order,
    lines.in_transit,
    lines.daily,
    lines.level,
    lines.service,
    lines.fill_rate,
    lines.lead_days,
    lines.review_days,
    lines.method,
    lines.is_due,
    lines.urgency,
    lines.reason,
    stock.reporting_cost AS unit_cost,
    CAST(lines.units * stock.reporting_cost AS NUMERIC) AS order_cost,
    lines.computed_at
  FROM visible_restock_lines AS lines
  INNER JOIN stock
    ON stock.region = lines.region AND stock.store_id = lines.store_id AND stock.product = lines.product
  LEFT JOIN catalogue_suppliers AS suppliers ON suppliers.supplier = lines.supplier
  LEFT JOIN names ON names.region = lines.region AND names.code = lines.from_store
),
matching AS (
  SELECT chosen.*, COUNT(*) OVER () AS matching
  FROM chosen
  WHERE (@state = 'all' OR state = @state)
    AND (@kind = 'all' OR (@kind = 'transfer' AND from_store <> '') OR (@kind = 'order' AND from_store = ''))
    AND (@supplier = '' OR supplier = @supplier)
    AND (@text = '' OR STRPOS(LOWER(CONCAT(product, ' ', product_name)), LOWER(@text)) > 0)
),
final AS (
  SELECT
    matching.*,
    CASE @sort WHEN 'urgency' THEN urgency WHEN 'units' THEN -units WHEN 'value' THEN -order_cost END AS number_key,
    CASE @sort
      WHEN 'product' THEN LOWER(product_name)
      WHEN 'store' THEN LOWER(store_name)
      WHEN 'supplier' THEN LOWER(supplier_name)
      ELSE ''
    END AS text_key
  FROM matching
)
SELECT * EXCEPT (number_key, text_key)
FROM final
ORDER BY
  number_key IS NULL,
  IF(@descending = 1, -number_key, number_key),
  IF(@descending = 1, '', text_key),
  IF(@descending = 1, text_key, '') DESC,
  urgency,
  product_name,
  region,
  store_id,
  product,
  from_store
LIMIT @limit OFFSET @offset
