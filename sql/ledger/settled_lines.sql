-- The net changes of all settlements as lines, as `announce` publishes them. `kind` is added, corrected or removed. The
-- content is the new one, or the last one of a removed line. A settlement that only added lines has no listed changes:
-- its changes are the sale versions that it added.
CREATE OR REPLACE VIEW settled_lines AS
WITH
listed AS (
  SELECT
    settlement_no,
    key,
    kind,
    COALESCE(listed_changes.new, listed_changes.old) AS content
  FROM listed_changes
),
changed_lines AS (
  SELECT sale_versions.* EXCEPT (settlement_no), listed.settlement_no, listed.kind
  FROM sale_versions
  INNER JOIN listed ON listed.key = sale_versions.key AND listed.content = sale_versions.content
  UNION ALL
  SELECT sale_versions.* EXCEPT (settlement_no), sale_versions.settlement_no, 'added' AS kind
  FROM sale_versions
  INNER JOIN settlements ON settlements.settlement_no = sale_versions.settlement_no
  WHERE settlements.only_adds
),
final AS (
  SELECT
    changed_lines.settlement_no,
    settlements.settled_at,
    changed_lines.kind,
    changed_lines.region,
    changed_lines.sale_id,
    changed_lines.line_key,
    changed_lines.store_id,
    changed_lines.salesperson_id,
    changed_lines.customer_id,
    changed_lines.customer_name,
    changed_lines.product_id,
    changed_lines.product_name,
    changed_lines.category,
    changed_lines.channel,
    changed_lines.status,
    changed_lines.sold_at,
    changed_lines.sale_date,
    changed_lines.country,
    changed_lines.quantity,
    changed_lines.unit_price,
    changed_lines.discount,
    changed_lines.tax,
    changed_lines.net_amount,
    changed_lines.gross_amount,
    changed_lines.currency,
    changed_lines.unit_cost,
    changed_lines.returns_sale_id,
    changed_lines.extra
  FROM changed_lines
  INNER JOIN settlements ON settlements.settlement_no = changed_lines.settlement_no
)
SELECT * FROM final
