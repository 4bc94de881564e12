-- Sales of stores that are not in the ledger yet, one row per sale, the latest received first; see unsettled_lines.
-- product and other_product are two of its products, by their names in the source, else by code. sales and total_revenue
-- are those of all unsettled sales, of which at most @limit are listed.
-- @limit INT64 = 50: maximum number of sales
-- reads: reporting, reporting_rates, visible_unsettled_lines
-- amounts: converted
WITH
lines AS (
  SELECT
    unsettled.*,
    COALESCE(unsettled.product_name, unsettled.product_id) AS shown_product,
    unsettled.status <> 'cancelled' AS is_active,
    CAST(unsettled.net_amount AS BIGNUMERIC)
    * CAST(IF(unsettled.currency = reporting.currency, 1, rates.factor) AS BIGNUMERIC) AS reporting_amount,
    reporting.currency AS reporting_currency
  FROM visible_unsettled_lines AS unsettled
  CROSS JOIN reporting
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = unsettled.sale_date AND rates.currency = unsettled.currency
),
sales AS (
  SELECT
    region,
    sale_id,
    CASE
      WHEN COUNTIF(is_active) = 0 THEN 'cancelled'
      WHEN COUNTIF(status = 'returned') > 0 THEN 'returned'
      WHEN COUNTIF(status = 'pending') > 0 THEN 'pending'
      ELSE 'completed'
    END AS status,
    MAX(store_id) AS store_id,
    MAX(salesperson_id) AS salesperson_id,
    MAX(sold_at) AS sold_at,
    MAX(sale_date) AS sale_date,
    MIN(shown_product) AS product,
    MAX(shown_product) AS other_product,
    COUNT(DISTINCT shown_product) AS products,
    SUM(IF(is_active, reporting_amount, NULL)) AS exact_revenue,
    COUNTIF(is_active AND reporting_amount IS NULL) AS unconverted_lines,
    MAX(reporting_currency) AS currency,
    MAX(received_seq) AS received_seq
  FROM lines
  GROUP BY region, sale_id
),
final AS (
  SELECT
    sales.* EXCEPT (exact_revenue),
    CAST(exact_revenue AS NUMERIC) AS revenue,
    COUNT(*) OVER () AS sales,
    CAST(SUM(exact_revenue) OVER () AS NUMERIC) AS total_revenue
  FROM sales
)
SELECT * FROM final
ORDER BY received_seq DESC, region, sale_id
LIMIT @limit
