-- Number of lines of the restock queue, units and cost by state, kind and supplier. Lines are filtered by region, store,
-- category and product.
-- reads: catalogue_suppliers, visible_restock_lines, visible_stock_facts
-- amounts: converted
WITH
stock AS (
  SELECT region, store_id, product, reporting_cost FROM visible_stock_facts
),
needed AS (
  SELECT
    lines.supplier,
    lines.units,
    IF(lines.state = 'open' AND NOT lines.is_due, 'later', lines.state) AS state,
    IF(lines.from_store = '', 'order', 'transfer') AS kind,
    CAST(lines.units * stock.reporting_cost AS NUMERIC) AS order_cost
  FROM visible_restock_lines AS lines
  INNER JOIN stock
    ON stock.region = lines.region AND stock.store_id = lines.store_id AND stock.product = lines.product
),
final AS (
  SELECT
    needed.state,
    needed.kind,
    needed.supplier,
    COALESCE(suppliers.name, needed.supplier) AS supplier_name,
    COUNT(*) AS lines,
    CAST(SUM(needed.units) AS NUMERIC) AS units,
    CAST(SUM(needed.order_cost) AS NUMERIC) AS order_cost
  FROM needed
  LEFT JOIN catalogue_suppliers AS suppliers ON suppliers.supplier = needed.supplier
  GROUP BY needed.state, needed.kind, needed.supplier, COALESCE(suppliers.name, needed.supplier)
)
SELECT * FROM final
ORDER BY state, kind, supplier
