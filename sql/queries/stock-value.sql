-- Stock by store, region, category or supplier: units, and value at cost in the reporting currency. Units below 0 count as 0.
-- uncosted_products are in stock and have no cost or no rate. Rows are filtered by region, store, category and product.
-- @by STRING = store of store|region|category|supplier: what a row is
-- reads: catalogue_names, visible_stock_facts
-- amounts: converted
WITH
names AS (
  SELECT kind, region, code, name FROM catalogue_names
),
levels AS (
  SELECT
    on_hand,
    reporting_cost,
    status,
    IF(@by IN ('store', 'region'), region, NULL) AS group_region,
    CASE @by WHEN 'store' THEN store_id WHEN 'category' THEN category WHEN 'supplier' THEN supplier END AS group_key
  FROM visible_stock_facts
),
grouped AS (
  SELECT
    group_region AS region,
    group_key AS code,
    CAST(SUM(GREATEST(on_hand, 0)) AS NUMERIC) AS units,
    COUNTIF(on_hand > 0) AS products,
    CAST(SUM(CAST(GREATEST(on_hand, 0) AS BIGNUMERIC) * CAST(reporting_cost AS BIGNUMERIC)) AS NUMERIC) AS stock_cost,
    COUNTIF(on_hand > 0 AND reporting_cost IS NULL) AS uncosted_products,
    COUNTIF(status = 'low') AS low_products,
    COUNTIF(status = 'out') AS out_products,
    COUNTIF(status = 'negative') AS negative_products,
    COUNTIF(status = 'not-counted') AS uncounted_products
  FROM levels
  GROUP BY group_region, group_key
),
final AS (
  SELECT
    grouped.region,
    grouped.code,
    COALESCE(names.name, grouped.code, grouped.region) AS name,
    grouped.* EXCEPT (region, code)
  FROM grouped
  LEFT JOIN names
    ON @by = 'store' AND names.kind = 'store' AND names.region = grouped.region AND names.code = grouped.code
)
SELECT * FROM final
ORDER BY stock_cost DESC, units DESC, region, code
