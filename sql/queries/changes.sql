-- The net changes of one settlement: what announce publishes. `kind` is added, corrected or removed; the key is text,
-- the content is the new one, or for a removed line the one that is gone.
-- needs: users, contracts, FX, alerts, pipeline
-- @settlement_no INT64: the settlement
WITH
listed AS (
  SELECT
    key,
    kind,
    COALESCE(listed_changes.new, listed_changes.old) AS content
  FROM listed_changes
  WHERE settlement_no = @settlement_no
),
told AS (
  SELECT sale_versions.*, listed.kind
  FROM sale_versions
  INNER JOIN listed ON listed.key = sale_versions.key AND listed.content = sale_versions.content
  UNION ALL
  SELECT sale_versions.*, 'added' AS kind
  FROM sale_versions
  INNER JOIN settlements ON settlements.settlement_no = sale_versions.settlement_no
  WHERE sale_versions.settlement_no = @settlement_no AND settlements.only_adds
),
final AS (
  SELECT
    settlements.settlement_no,
    settlements.settled_at,
    told.kind,
    told.region,
    told.sale_id,
    told.line_key,
    told.store_id,
    told.salesperson_id,
    told.customer_id,
    told.customer_name,
    told.product_id,
    told.product_name,
    told.category,
    told.channel,
    told.status,
    told.sold_at,
    told.sale_date,
    told.country,
    told.quantity,
    told.unit_price,
    told.discount,
    told.tax,
    told.net_amount,
    told.gross_amount,
    told.currency,
    told.unit_cost,
    told.returns_sale_id,
    told.extra
  FROM told
  INNER JOIN settlements ON settlements.settlement_no = @settlement_no
)
SELECT * FROM final
