-- One row per line that counts now with what the status means for it; no money in the reporting currency (see sale_facts),
-- so that counting needs no rates. active_net and units are NULL on cancelled lines; customer and product are the id, else the name.
-- Orders are COUNTIF(is_order) + COUNT(DISTINCT IF(is_mixed_order, sale, NULL)), wherever lines are chosen and grouped by what
-- most sales have in common: store, salesperson, channel, status, day, country, region; not by category, product or customer.
-- - key: Hash of region, sale and line: what names the line
-- - content: Hash of the line's content from the source
-- - sale: Hash of region and sale
-- - leads: Where orders are counted: 1 represents its sale, 0 follows another line, 2: count the sale itself
-- - settlement_no: The settlement that added this content
-- - is_active: Whether the line counts: it is not cancelled
-- - counts_as_order: Whether its sale counts as an order by this line: neither cancelled nor returned
-- - is_order: Whether the line represents its sale where orders are counted
-- - is_mixed_order: Whether its sale is to be counted itself, as its lines differ
-- - active_net: Net amount in the line's own currency; NULL on cancelled lines
-- - units: Units that count; NULL on cancelled lines
-- - customer: Who bought, by id, else by name
-- - product: The product's id, else its name
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
