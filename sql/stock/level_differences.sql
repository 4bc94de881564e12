-- Stored stock levels that differ from the computed ones of the same products, or that are missing on one side. Reads
-- computed_stock_levels.
-- @first_product STRING: first product
-- @next_product STRING: the product after the last one; empty: all that follow
WITH
stored AS (
  SELECT *
  FROM stock_levels
  WHERE
    moved IS NOT NULL
    AND product >= @first_product
    AND (@next_product = '' OR product < @next_product)
),
final AS (
  SELECT
    COALESCE(stored.region, computed.region) AS region,
    COALESCE(stored.store_id, computed.store_id) AS store_id,
    COALESCE(stored.product, computed.product) AS product,
    stored.on_hand,
    computed.on_hand AS computed_on_hand,
    stored.in_transit,
    computed.in_transit AS computed_in_transit,
    stored.recent_units,
    computed.recent_units AS computed_recent_units,
    stored.counted_on,
    computed.counted_on AS computed_counted_on
  FROM stored
  FULL OUTER JOIN computed_stock_levels AS computed
    ON computed.region = stored.region
    AND computed.store_id = stored.store_id
    AND computed.product = stored.product
  WHERE
    stored.product IS NULL
    OR computed.product IS NULL
    OR stored.counted IS DISTINCT FROM computed.counted
    OR stored.counted_on IS DISTINCT FROM computed.counted_on
    OR stored.counted_at IS DISTINCT FROM computed.counted_at
    OR stored.moved IS DISTINCT FROM computed.moved
    OR stored.sold IS DISTINCT FROM computed.sold
    OR (stored.early_sold IS NOT NULL AND stored.early_sold IS DISTINCT FROM computed.early_sold)
    OR stored.on_hand IS DISTINCT FROM computed.on_hand
    OR stored.in_transit IS DISTINCT FROM computed.in_transit
    OR stored.recent_units IS DISTINCT FROM computed.recent_units
)
SELECT * FROM final
