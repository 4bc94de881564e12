-- product_sums with the product of the catalogue, as in line_facts.
-- - split_orders, sum: Orders with the product, without those of several stores, channels, statuses or days
CREATE OR REPLACE VIEW product_totals AS
WITH
sums AS (
  SELECT * FROM product_sums
),
codes AS (
  SELECT * FROM catalogue_codes
),
common_codes AS (
  SELECT * FROM catalogue_codes WHERE region = '*'
),
final AS (
  SELECT
    sums.*,
    COALESCE(codes.product_id, common_codes.product_id, sums.product_id, product_name) AS product
  FROM sums
  LEFT JOIN codes ON codes.region = sums.region AND codes.code = sums.product_id
  LEFT JOIN common_codes ON common_codes.code = sums.product_id
)
SELECT * FROM final
