-- Daily sales to train models of BigQuery ML on: one series for each node of the latest daily forecasts above the level
-- of products, from its first day to the last day of sales of these forecasts. Days without sales are 0. Revenue is in
-- the currency of the forecast, at the latest exchange rates. `*` means all regions, stores or categories.
WITH
nodes AS (
  SELECT DISTINCT
    target,
    level,
    COALESCE(region, '*') AS region,
    COALESCE(store_id, '*') AS store_id,
    COALESCE(category, '*') AS category,
    currency,
    cutoff_date
  FROM forecasts
  WHERE period = 'day' AND level <> 'product' AND cutoff_date = (SELECT MAX(cutoff_date) FROM forecasts)
),
rates AS (
  SELECT
    currency,
    CAST(factor AS FLOAT64) AS factor
  FROM reporting_rates
  WHERE currency NOT IN (SELECT currency FROM reporting)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY currency ORDER BY sale_date DESC) = 1
  UNION ALL
  SELECT
    currency,
    1.0 AS factor
  FROM reporting
),
sold AS (
  SELECT
    region,
    COALESCE(store_id, '') AS store_id,
    COALESCE(category, '') AS category,
    currency,
    sale_date,
    CAST(SUM(net) AS FLOAT64) AS net,
    CAST(SUM(IF(status <> 'returned' AND quantity > 0, quantity, 0)) AS FLOAT64) AS units
  FROM day_sums
  WHERE status <> 'cancelled' AND region IN (SELECT region FROM nodes)
  GROUP BY region, store_id, category, currency, sale_date
),
rolled_up AS (
  SELECT
    level,
    IF(level IN ('total', 'category'), '*', region) AS region,
    IF(level IN ('store', 'store_category'), store_id, '*') AS store_id,
    IF(level IN ('category', 'store_category'), category, '*') AS category,
    currency,
    sale_date,
    net,
    units
  FROM sold
  CROSS JOIN UNNEST(['total', 'region', 'store', 'category', 'store_category']) AS level
),
amounts AS (
  SELECT
    nodes.target,
    nodes.level,
    nodes.region,
    nodes.store_id,
    nodes.category,
    nodes.cutoff_date,
    rolled_up.sale_date,
    SUM(
      CASE
        WHEN nodes.target = 'units' THEN rolled_up.units
        WHEN rolled_up.currency = nodes.currency THEN rolled_up.net
        ELSE rolled_up.net * rates.factor / own_rates.factor
      END
    ) AS value
  FROM nodes
  INNER JOIN rolled_up
    ON rolled_up.level = nodes.level
    AND rolled_up.region = nodes.region
    AND rolled_up.store_id = nodes.store_id
    AND rolled_up.category = nodes.category
  LEFT JOIN rates ON rates.currency = rolled_up.currency
  LEFT JOIN rates AS own_rates ON own_rates.currency = nodes.currency
  WHERE rolled_up.sale_date <= nodes.cutoff_date AND DATE_DIFF(nodes.cutoff_date, rolled_up.sale_date, DAY) < 1096
  GROUP BY
    nodes.target,
    nodes.level,
    nodes.region,
    nodes.store_id,
    nodes.category,
    nodes.cutoff_date,
    rolled_up.sale_date
),
spans AS (
  SELECT
    target,
    level,
    region,
    store_id,
    category,
    cutoff_date,
    MIN(sale_date) AS first_day
  FROM amounts
  GROUP BY target, level, region, store_id, category, cutoff_date
),
final AS (
  SELECT
    spans.target,
    spans.level,
    spans.region,
    spans.store_id,
    spans.category,
    sale_date,
    COALESCE(amounts.value, 0) AS value
  FROM spans
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(spans.first_day, spans.cutoff_date)) AS sale_date
  LEFT JOIN amounts USING (target, level, region, store_id, category, sale_date)
)
SELECT * FROM final
