-- Movements of one product in one store that were not cancelled, latest first. quantity: as recorded; change: units that
-- the movement adds to the stock, NULL for counts and unsellable returns.
-- @region STRING: region of the store
-- @store STRING: store
-- @product STRING: product
-- @limit INT64 = 1000: maximum number of rows
-- reads: visible_movements
WITH
final AS (
  SELECT
    movement_id,
    kind,
    stock_date,
    occurred_at,
    recorded_seq,
    reason,
    reference,
    other_store,
    CAST(SUM(quantity) AS NUMERIC) AS quantity,
    CAST(SUM(change) AS NUMERIC) AS change
  FROM visible_movements
  WHERE region = @region AND store_id = @store AND product = @product
  GROUP BY movement_id, kind, stock_date, occurred_at, recorded_seq, reason, reference, other_store
)
SELECT * FROM final
ORDER BY stock_date DESC, occurred_at DESC, recorded_seq DESC, movement_id
LIMIT @limit
