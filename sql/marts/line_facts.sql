-- One row per line that counts now with what the status means for it; no money in the reporting currency (see sale_facts),
-- so that counting needs no rates. units are NULL on cancelled lines; customer is the id, else the name.
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
    IF(status <> 'cancelled', quantity, NULL) AS units,
    COALESCE(customer_id, customer_name) AS customer
  FROM lines
)
SELECT * FROM final
