-- The net changes of one settlement: what announce publishes. `kind` is added, corrected or removed; the key is text,
-- the content is the new one, or for a removed line the one that is gone.
-- needs: users, contracts, FX, alerts, pipeline
-- @settlement_no INT64: the settlement
WITH
told AS (
  SELECT
    settlement_no,
    key,
    kind,
    COALESCE(changes.new, changes.old) AS content
  FROM changes
  WHERE settlement_no = @settlement_no
),
final AS (
  SELECT
    told.settlement_no,
    settlements.settled_at,
    told.kind,
    sale_versions.region,
    sale_versions.sale_id,
    sale_versions.line_key,
    sale_versions.store_id,
    sale_versions.salesperson_id,
    sale_versions.customer_id,
    sale_versions.customer_name,
    sale_versions.product_id,
    sale_versions.product_name,
    sale_versions.category,
    sale_versions.channel,
    sale_versions.status,
    sale_versions.sold_at,
    sale_versions.sale_date,
    sale_versions.country,
    sale_versions.quantity,
    sale_versions.unit_price,
    sale_versions.discount,
    sale_versions.tax,
    sale_versions.net_amount,
    sale_versions.gross_amount,
    sale_versions.currency,
    sale_versions.unit_cost,
    sale_versions.returns_sale_id,
    sale_versions.extra
  FROM told
  INNER JOIN settlements ON settlements.settlement_no = told.settlement_no
  INNER JOIN sale_versions ON sale_versions.key = told.key AND sale_versions.content = told.content
)
SELECT * FROM final
