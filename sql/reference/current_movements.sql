-- Stock movements that were not cancelled, with their product of the catalogue.
-- - product: Product of the catalogue if the product ID is one of its codes; otherwise the product ID
-- - change: Units that the movement adds to the stock of its store; NULL for counts and unsellable returns
CREATE OR REPLACE VIEW current_movements AS
WITH
codes AS (
  SELECT * FROM catalogue_codes
),
common_codes AS (
  SELECT * FROM catalogue_codes WHERE region = '*'
),
cancelled AS (
  SELECT DISTINCT reference AS movement_id FROM stock_movements WHERE kind = 'cancellation'
),
final AS (
  SELECT
    movements.*,
    COALESCE(codes.product_id, common_codes.product_id, movements.product_id) AS product,
    CASE
      WHEN movements.kind IN ('receipt', 'transfer-in', 'adjustment') THEN movements.quantity
      WHEN movements.kind IN ('transfer-out', 'write-off', 'supplier-return') THEN -movements.quantity
    END AS change
  FROM stock_movements AS movements
  LEFT JOIN cancelled ON cancelled.movement_id = movements.movement_id
  LEFT JOIN codes ON codes.region = movements.region AND codes.code = movements.product_id
  LEFT JOIN common_codes ON common_codes.code = movements.product_id
  WHERE movements.kind <> 'cancellation' AND cancelled.movement_id IS NULL
)
SELECT * FROM final
