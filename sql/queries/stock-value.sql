-- Stock by store, region, category or supplier: units, and value at cost in the reporting currency. Units below 0 count as 0.
-- uncosted_products are in stock and have no cost or no rate. Rows are filtered by region, store, category and product.
-- @by STRING = store of store|region|category|supplier: what a row is
WITH
names AS (
  SELECT kind, region, code, name FROM catalogue_names
),
levels AS (
  SELECT
    named_stock_levels.*,
    IF(@by IN ('store', 'region'), named_stock_levels.region, NULL) AS group_region,
    CASE @by
      WHEN 'store' THEN named_stock_levels.store_id
      WHEN 'category' THEN named_stock_levels.category
      WHEN 'supplier' THEN named_stock_levels.supplier
    END AS group_key
  FROM named_stock_levels
),
grouped AS (
  SELECT
    group_region AS region,
    group_key AS code,
    CAST(SUM(GREATEST(on_hand, 0)) AS NUMERIC) AS units,
    COUNTIF(on_hand > 0) AS products,
    CAST(SUM(stock_cost) AS NUMERIC) AS stock_cost,
    COUNTIF(on_hand > 0 AND stock_cost IS NULL) AS uncosted_products,
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
