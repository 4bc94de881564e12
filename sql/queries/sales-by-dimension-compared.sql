-- Revenue by region, store, category, channel, salesperson or country, compared, highest first. item is the group, NULL
-- for the lines without one; the same store or salesperson in two regions is two groups, and region is theirs.
-- before is the revenue of the previous period, year_before that of the same days of the previous year; change and
-- growth compare with them as in growth, and total_change is the change of all groups together. Both are NULL if there
-- is nothing to compare; growth also for a group without revenue before. A group of any of the three periods has a row.
-- lines includes every status; revenue and units leave out cancelled lines, orders cancelled and returned ones. orders
-- is NULL for categories, as a sale can have several.
-- @dimension STRING = region of region|store|category|channel|salesperson|country: what a group is
-- @personal INT64 = 0: 1 if the user may see personal columns; otherwise there are no salespeople
-- measures of grouped_sales: revenue, orders, units, lines, unconverted_lines
-- measures of grouped_sales: before(revenue), year_before(revenue)
-- dimensions of grouped_sales: item, item_region
-- reads: compared_periods, grouped_sales
-- amounts: converted
WITH
compared AS (
  SELECT
    COUNTIF(series = 'before') > 0 AS is_compared,
    COUNTIF(series = 'year-before') > 0 AS is_year_compared
  FROM compared_periods
),
amounts AS (
  SELECT
    grouped_sales.item,
    grouped_sales.item_region AS region,
    grouped_sales.revenue,
    IF(compared.is_compared, grouped_sales.before_revenue, NULL) AS before,
    IF(compared.is_year_compared, grouped_sales.year_before_revenue, NULL) AS year_before,
    IF(@dimension = 'category', NULL, grouped_sales.orders) AS orders,
    grouped_sales.units,
    grouped_sales.lines,
    grouped_sales.unconverted_lines
  FROM grouped_sales
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
