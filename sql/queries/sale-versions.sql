-- Every version of each line of one sale, whether it is current, and since when the ledger contains it.
-- @region STRING: region of the sale
-- @sale_id STRING: ID of the sale
-- reads: settlements, visible_versions
WITH
final AS (
  SELECT
    visible_versions.line_key,
    visible_versions.content,
    visible_versions.is_current,
    visible_versions.settlement_no,
    settlements.settled_at,
    visible_versions.region,
    visible_versions.sale_id,
    visible_versions.store_id,
    visible_versions.salesperson_id,
    visible_versions.customer_id,
    visible_versions.customer_name,
    visible_versions.product_id,
    visible_versions.product_name,
    visible_versions.category,
    visible_versions.channel,
    visible_versions.status,
    visible_versions.sold_at,
    visible_versions.sale_date,
    visible_versions.country,
    visible_versions.quantity,
    visible_versions.unit_price,
    visible_versions.discount,
    visible_versions.tax,
    visible_versions.net_amount,
    visible_versions.gross_amount,
    visible_versions.currency,
    visible_versions.unit_cost,
    visible_versions.returns_sale_id,
    visible_versions.extra
  FROM visible_versions
  LEFT JOIN settlements ON settlements.settlement_no = visible_versions.settlement_no
  WHERE visible_versions.region = @region AND visible_versions.sale_id = @sale_id
)
SELECT * FROM final
ORDER BY line_key, settlement_no, content
