-- Number of lines of the restock queue, units and cost by state, kind and supplier. Lines are filtered by region, store,
-- category and product.
WITH
stock AS (
  SELECT region, store_id, product FROM visible_stock_levels
),
lines AS (
  SELECT
    lines.supplier,
    lines.units,
    IF(lines.state = 'open' AND NOT lines.is_due, 'later', lines.state) AS state,
    IF(lines.from_store = '', 'order', 'transfer') AS kind,
    CAST(lines.units * lines.unit_cost AS NUMERIC) AS order_cost
  FROM visible_restock_lines AS lines
  INNER JOIN stock
    ON stock.region = lines.region AND stock.store_id = lines.store_id AND stock.product = lines.product
),
final AS (
  SELECT
    lines.state,
    lines.kind,
    lines.supplier,
    COALESCE(suppliers.name, lines.supplier) AS supplier_name,
    COUNT(*) AS lines,
    CAST(SUM(lines.units) AS NUMERIC) AS units,
    CAST(SUM(lines.order_cost) AS NUMERIC) AS order_cost
  FROM lines
  LEFT JOIN catalogue_suppliers AS suppliers ON suppliers.supplier = lines.supplier
  GROUP BY lines.state, lines.kind, lines.supplier, COALESCE(suppliers.name, lines.supplier)
)
SELECT * FROM final
ORDER BY state, kind, supplier
