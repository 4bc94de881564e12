-- Revenue by region, store, category, channel, salesperson or country, compared, highest first. item is the group, NULL
-- for the lines without one; the same store or salesperson in two regions is two groups, and region is theirs.
-- before is the revenue of the previous period, year_before that of the same days of the previous year; change and
-- growth compare with them as in growth, and total_change is the change of all groups together. Both are NULL if there
-- is nothing to compare; growth also for a group without revenue before. A group of any of the three periods has a row.
-- lines includes every status; revenue and units leave out cancelled lines, orders cancelled and returned ones. orders
-- is NULL for categories, as a sale can have several.
-- @dimension STRING = region of region|store|category|channel|salesperson|country: what a group is
-- @personal INT64 = 0: 1 if the user may see personal columns; otherwise there are no salespeople
WITH
mixed_orders AS (
  SELECT
    sale,
    CASE @dimension
      WHEN 'region' THEN region
      WHEN 'store' THEN store_id
      WHEN 'channel' THEN channel
      WHEN 'salesperson' THEN IF(@personal = 1, salesperson_id, NULL)
      WHEN 'country' THEN country
    END AS item,
    region
  FROM visible_lines
  WHERE is_mixed_order AND @dimension <> 'category'
),
parts AS (
  SELECT
    series,
    CASE @dimension
      WHEN 'region' THEN region
      WHEN 'store' THEN store_id
      WHEN 'category' THEN category
      WHEN 'channel' THEN channel
      WHEN 'salesperson' THEN IF(@personal = 1, salesperson_id, NULL)
      WHEN 'country' THEN country
    END AS item,
    region,
    revenue,
    orders,
    units,
    lines,
    unconverted_lines
  FROM compared_series_sums
  UNION ALL
  SELECT
    'now' AS series,
    item,
    region,
    NULL AS revenue,
    COUNT(DISTINCT sale) AS orders,
    NULL AS units,
    0 AS lines,
    0 AS unconverted_lines
  FROM mixed_orders
  GROUP BY item, region
),
placed AS (
  SELECT
    parts.*,
    IF(@dimension IN ('store', 'salesperson') AND item IS NOT NULL, region, NULL) AS item_region
  FROM parts
),
grouped AS (
  SELECT
    item,
    item_region AS region,
    CAST(COALESCE(SUM(IF(series = 'now', revenue, NULL)), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(IF(series = 'before', revenue, NULL)), 0) AS NUMERIC) AS before,
    CAST(COALESCE(SUM(IF(series = 'year-before', revenue, NULL)), 0) AS NUMERIC) AS year_before,
    IF(@dimension = 'category', NULL, CAST(SUM(IF(series = 'now', orders, 0)) AS INT64)) AS orders,
    CAST(COALESCE(SUM(IF(series = 'now', units, NULL)), 0) AS NUMERIC) AS units,
    CAST(SUM(IF(series = 'now', lines, 0)) AS INT64) AS lines,
    CAST(SUM(IF(series = 'now', unconverted_lines, 0)) AS INT64) AS unconverted_lines
  FROM placed
  GROUP BY item, item_region
),
compared AS (
  SELECT
    COUNTIF(series = 'before') > 0 AS is_compared,
    COUNTIF(series = 'year-before') > 0 AS is_year_compared
  FROM compared_periods
),
amounts AS (
  SELECT
    grouped.item,
    grouped.region,
    grouped.revenue,
    IF(compared.is_compared, grouped.before, NULL) AS before,
    IF(compared.is_year_compared, grouped.year_before, NULL) AS year_before,
    grouped.orders,
    grouped.units,
    grouped.lines,
    grouped.unconverted_lines
  FROM grouped
  CROSS JOIN compared
),
changes AS (
  SELECT
    amounts.*,
    CAST(revenue - before AS NUMERIC) AS change,
    CAST(revenue - year_before AS NUMERIC) AS year_change
  FROM amounts
),
final AS (
  SELECT
    item,
    region,
    revenue,
    SAFE_DIVIDE(CAST(revenue AS NUMERIC), CAST(SUM(revenue) OVER () AS NUMERIC)) AS revenue_share,
    before,
    change,
    SAFE_DIVIDE(CAST(change AS NUMERIC), CAST(IF(before > 0, before, NULL) AS NUMERIC)) AS growth,
    CAST(SUM(change) OVER () AS NUMERIC) AS total_change,
    year_before,
    year_change,
    SAFE_DIVIDE(CAST(year_change AS NUMERIC), CAST(IF(year_before > 0, year_before, NULL) AS NUMERIC)) AS year_growth,
    CAST(SUM(year_change) OVER () AS NUMERIC) AS year_total_change,
    orders,
    units,
    lines,
    unconverted_lines
  FROM changes
)
SELECT * FROM final
ORDER BY revenue DESC, item, region
