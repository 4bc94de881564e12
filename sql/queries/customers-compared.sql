-- Revenue of customers, compared. A customer is identified by ID, or by name if there is no ID; of several names, the
-- first in alphabetical order is shown. customer is NULL for the lines without one.
-- before is the revenue of the previous period, year_before that of the same days of the previous year; change and
-- growth compare with them as in growth, and total_change is the change of all groups together. Both are NULL if there
-- is nothing to compare; growth also for a group without revenue before. A group of any of the three periods has a row.
-- lines includes every status; revenue and units leave out cancelled lines.
-- needs: see personal columns
-- @sort STRING = revenue of revenue|change|year-change: highest revenue first, or the greatest change up or down
-- @limit INT64 = 100: maximum number of customers
-- @offset INT64 = 0: number of customers to skip
-- reads: compared_periods, compared_series_customer_sums, compared_series_sums
-- amounts: converted
WITH
sums AS (
  SELECT
    series,
    COALESCE(customer_id, customer_name) AS customer,
    customer_name,
    revenue,
    units,
    lines,
    unconverted_lines
  FROM compared_series_customer_sums
  UNION ALL
  SELECT
    series,
    CAST(NULL AS STRING) AS customer,
    CAST(NULL AS STRING) AS customer_name,
    revenue,
    units,
    lines,
    unconverted_lines
  FROM compared_series_sums
  UNION ALL
  SELECT
    series,
    CAST(NULL AS STRING) AS customer,
    CAST(NULL AS STRING) AS customer_name,
    -revenue AS revenue,
    -units AS units,
    -lines AS lines,
    -unconverted_lines AS unconverted_lines
  FROM compared_series_customer_sums
),
grouped AS (
  SELECT
    customer,
    MIN(customer_name) AS customer_name,
    CAST(COALESCE(SUM(IF(series = 'now', revenue, NULL)), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(IF(series = 'before', revenue, NULL)), 0) AS NUMERIC) AS before,
    CAST(COALESCE(SUM(IF(series = 'year-before', revenue, NULL)), 0) AS NUMERIC) AS year_before,
    CAST(COALESCE(SUM(IF(series = 'now', units, NULL)), 0) AS NUMERIC) AS units,
    CAST(SUM(IF(series = 'now', lines, 0)) AS INT64) AS lines,
    CAST(SUM(IF(series = 'now', unconverted_lines, 0)) AS INT64) AS unconverted_lines
  FROM sums
  GROUP BY customer
),
compared AS (
  SELECT
    COUNTIF(series = 'before') > 0 AS is_compared,
    COUNTIF(series = 'year-before') > 0 AS is_year_compared
  FROM compared_periods
),
amounts AS (
  SELECT
    grouped.customer,
    grouped.customer_name,
    grouped.revenue,
    IF(compared.is_compared, grouped.before, NULL) AS before,
    IF(compared.is_year_compared, grouped.year_before, NULL) AS year_before,
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
    customer,
    customer_name,
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
    units,
    lines,
    unconverted_lines
  FROM changes
)
SELECT * FROM final
ORDER BY
  CASE @sort WHEN 'change' THEN ABS(change) WHEN 'year-change' THEN ABS(year_change) ELSE revenue END DESC,
  customer
LIMIT @limit OFFSET @offset
