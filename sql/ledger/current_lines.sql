-- The current sale lines with their content, without provenance (see sale_lines); one row per key.
-- `sale` is the hash of (region, sale_id), which is cheaper to count than the text.
-- `leads` marks the line that represents its sale when orders are counted (see line_facts).
CREATE OR REPLACE VIEW current_lines AS
SELECT
  key,
  content,
  sale,
  leads,
  region,
  sale_id,
  line_key,
  store_id,
  salesperson_id,
  customer_id,
  customer_name,
  product_id,
  product_name,
  category,
  channel,
  status,
  sold_at,
  sale_date,
  country,
  quantity,
  unit_price,
  discount,
  tax,
  net_amount,
  gross_amount,
  currency,
  unit_cost,
  returns_sale_id,
  extra,
  settlement_no
FROM sale_versions
WHERE is_current
