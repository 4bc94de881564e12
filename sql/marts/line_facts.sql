-- One row per current line, with what its status means for it; no amounts in the reporting currency (see sale_facts),
-- so that counting needs no rates. active_net and units are NULL on cancelled lines; customer and product are IDs, or
-- names if there is no ID. Number of orders: COUNTIF(is_order) + COUNT(DISTINCT IF(is_mixed_order, sale, NULL)). This
-- holds for filters and groups by store, salesperson, channel, status, day, country and region; not by category,
-- product or customer.
-- - key: Hash of (region, sale_id, line_key)
-- - content: Hash of the content columns
-- - sale: Hash of (region, sale_id)
-- - leads: For counting orders: 1: represents its sale, 0: another line does, 2: count distinct sales
-- - settlement_no: Number of the settlement that added this content
-- - is_active: TRUE if the line is not cancelled
-- - counts_as_order: TRUE if the line is neither cancelled nor returned, so that its sale counts as an order
-- - is_order: TRUE if the line represents its sale when orders are counted
-- - is_mixed_order: TRUE if the lines of the sale differ, so that distinct sales are counted
-- - active_net: Net amount in the currency of the line; NULL for cancelled lines
-- - units: Number of units; NULL for cancelled lines
-- - customer: ID of the customer; name if there is no ID
-- - product: Product of the catalogue if the product ID is one of its codes; otherwise the product ID, or the name if
-- there is no ID
CREATE OR REPLACE VIEW line_facts AS
WITH
lines AS (
  SELECT * FROM current_lines
),
codes AS (
  SELECT * FROM catalogue_codes
),
common_codes AS (
  SELECT * FROM catalogue_codes WHERE region = '*'
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
    COALESCE(codes.product_id, common_codes.product_id, lines.product_id, product_name) AS product
  FROM lines
  LEFT JOIN codes ON codes.region = lines.region AND codes.code = lines.product_id
  LEFT JOIN common_codes ON common_codes.code = lines.product_id
)
SELECT * FROM final
