-- List prices of products by region, or `*` for every region without a row of its own, currency, and days. At most one
-- row of a currency is valid on a day: of overlapping rows, the one that begins later.
-- - first_day: First day on which the row is valid
-- - next_day: First day on which the row is no longer valid
CREATE OR REPLACE VIEW catalogue_prices AS
WITH
amounts AS (
  SELECT
    product_id,
    region,
    currency,
    amount,
    COALESCE(valid_from, DATE '0001-01-01') AS first_day,
    COALESCE(valid_to, DATE '9999-12-31') AS end_day
  FROM dim_product_price
),
followed AS (
  SELECT
    amounts.*,
    LEAD(first_day) OVER (PARTITION BY product_id, region, currency ORDER BY first_day, end_day, amount) AS later_day
  FROM amounts
),
final AS (
  SELECT
    product_id,
    region,
    currency,
    amount,
    first_day,
    LEAST(end_day, COALESCE(later_day, end_day)) AS next_day
  FROM followed
)
SELECT * FROM final
