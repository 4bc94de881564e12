-- Days on which products were out of stock in stores, from @first_day to @last_day and to the last day with sales of the region:
-- all days after the last sale on which stock was 0 or less. days is the length of this time. missed_revenue is the revenue
-- of the other days, by day, for the days out of stock; NULL if there was stock on no day, or revenue has no rate. is_out:
-- whether there was none on the last day. Rows are filtered by region, store and product.
-- @first_day DATE: first day
-- @last_day DATE: last day
-- reads: catalogue_names, days_out_of_stock, visible_amounts, visible_stock_levels, visible_stores
-- amounts: converted
WITH
regions AS (
  SELECT region, LEAST(MAX(last_day), @last_day) AS last_day
  FROM visible_stores
  GROUP BY region
),
spans AS (
  SELECT
    spans.region,
    spans.store_id,
    spans.product,
    regions.last_day,
    GREATEST(spans.first_day, @first_day) AS first_day,
    LEAST(
      COALESCE(DATE_SUB(spans.next_day, INTERVAL 1 DAY), regions.last_day),
      regions.last_day
    ) AS end_day
  FROM days_out_of_stock AS spans
  INNER JOIN regions ON regions.region = spans.region
),
outages AS (
  SELECT
    region,
    store_id,
    product,
    DATE_DIFF(MAX(last_day), @first_day, DAY) + 1 AS days,
    SUM(DATE_DIFF(end_day, first_day, DAY) + 1) AS days_out,
    LOGICAL_OR(end_day = last_day) AS is_out
  FROM spans
  WHERE first_day <= end_day
  GROUP BY region, store_id, product
),
revenues AS (
  SELECT region, store_id, product, SUM(revenue) AS revenue
  FROM visible_amounts
  WHERE sale_date >= @first_day AND sale_date <= @last_day
  GROUP BY region, store_id, product
),
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product'
),
final AS (
  SELECT
    outages.region,
    outages.store_id,
    outages.product,
    COALESCE(names.name, visible.product_name, outages.product) AS product_name,
    CAST(outages.days AS INT64) AS days,
    CAST(outages.days_out AS INT64) AS days_out,
    outages.is_out,
    CAST(
      SAFE_DIVIDE(
        CAST(revenues.revenue * outages.days_out AS NUMERIC),
        CAST(outages.days - outages.days_out AS NUMERIC)
      ) AS NUMERIC
    ) AS missed_revenue
  FROM outages
  INNER JOIN visible_stock_levels AS visible
    ON visible.region = outages.region
    AND visible.store_id = outages.store_id
    AND visible.product = outages.product
  LEFT JOIN revenues
    ON revenues.region = outages.region
    AND revenues.store_id = outages.store_id
    AND revenues.product = outages.product
  LEFT JOIN names ON names.code = outages.product
)
SELECT * FROM final
ORDER BY days_out DESC, product_name, region, store_id, product
