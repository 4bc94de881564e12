-- One row per line that counts now with what the status means for it; no money in the reporting currency (see sale_facts),
-- so that counting needs no rates. active_net and units are NULL on cancelled lines; customer and product are the id, else the name.
-- Orders are COUNTIF(is_order) + COUNT(DISTINCT IF(is_mixed_order, sale, NULL)), wherever lines are chosen and grouped by what
-- most sales have in common: store, salesperson, channel, status, day, country, region; not by category, product or customer.
CREATE OR REPLACE VIEW line_facts AS
WITH
lines AS (
  SELECT * FROM current_lines
),
final AS (
  SELECT
    lines.*,
    status <> 'cancelled' AS is_active,
    status NOT IN ('cancelled', 'returned') AS counts_as_order,
    status NOT IN ('cancelled', 'returned') AND leads = 1 AS is_order,
    status NOT IN ('cancelled', 'returned') AND leads = 2 AS is_mixed_order,
    IF(status <> 'cancelled', net_amount, NULL) AS active_net,
    IF(status <> 'cancelled', quantity, NULL) AS units,
    COALESCE(customer_id, customer_name) AS customer,
    COALESCE(product_id, product_name) AS product
  FROM lines
)
SELECT * FROM final
