-- The chosen period compared with the previous period and with the same days of the previous year, by day, week, month,
-- quarter or year series is now, before or year-before. position numbers the rows of a series from 0; rows with the
-- same position belong together. period_start is the first day of the row; weeks start on Monday. Only reported days
-- are compared, as in growth; there is no row if there is nothing to compare, and none for a period without sales.
-- @period STRING = monthly of daily|weekly|monthly|quarterly|yearly: the length of a period
WITH
mixed AS (
  SELECT
    'now' AS series,
    sale_date,
    sale
  FROM compared_lines
  WHERE is_mixed_order
  UNION ALL
  SELECT
    'before' AS series,
    sale_date,
    sale
  FROM earlier_lines
  WHERE is_mixed_order
  UNION ALL
  SELECT
    'year-before' AS series,
    sale_date,
    sale
  FROM year_earlier_lines
  WHERE is_mixed_order
),
parts AS (
  SELECT
    'now' AS series,
    sale_date,
    revenue,
    units,
    lines,
    unconverted_lines,
    orders
  FROM compared_sums
  UNION ALL
  SELECT
    'before' AS series,
    sale_date,
    revenue,
    units,
    lines,
    unconverted_lines,
    orders
  FROM earlier_sums
  UNION ALL
  SELECT
    'year-before' AS series,
    sale_date,
    revenue,
    units,
    lines,
    unconverted_lines,
    orders
  FROM year_earlier_sums
  UNION ALL
  -- a sale has one day, unless its source gives several: then it counts on each
  SELECT
    series,
    sale_date,
    NULL AS revenue,
    NULL AS units,
    0 AS lines,
    0 AS unconverted_lines,
    COUNT(DISTINCT sale) AS orders
  FROM mixed
  GROUP BY series, sale_date
),
placed AS (
  SELECT
    parts.series,
    CASE @period
      WHEN 'daily' THEN parts.sale_date
      WHEN 'weekly' THEN DATE_TRUNC(parts.sale_date, ISOWEEK)
      WHEN 'monthly' THEN DATE_TRUNC(parts.sale_date, MONTH)
      WHEN 'quarterly' THEN DATE_TRUNC(parts.sale_date, QUARTER)
      WHEN 'yearly' THEN DATE_TRUNC(parts.sale_date, YEAR)
    END AS period_start,
    CASE @period
      WHEN 'daily' THEN DATE_DIFF(parts.sale_date, compared_periods.first_day, DAY)
      WHEN 'weekly' THEN CAST(
        SAFE_DIVIDE(
          CAST(
            DATE_DIFF(
              DATE_TRUNC(parts.sale_date, ISOWEEK), DATE_TRUNC(compared_periods.first_day, ISOWEEK), DAY
            ) AS NUMERIC
          ),
          CAST(7 AS NUMERIC)
        ) AS INT64
      )
      WHEN 'monthly' THEN DATE_DIFF(parts.sale_date, compared_periods.first_day, MONTH)
      WHEN 'quarterly' THEN DATE_DIFF(parts.sale_date, compared_periods.first_day, QUARTER)
      WHEN 'yearly' THEN DATE_DIFF(parts.sale_date, compared_periods.first_day, YEAR)
    END AS position,
    parts.revenue,
    parts.units,
    parts.lines,
    parts.unconverted_lines,
    parts.orders
  FROM parts
  INNER JOIN compared_periods ON compared_periods.series = parts.series
),
final AS (
  SELECT
    series,
    position,
    period_start,
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(SUM(orders) AS INT64) AS orders,
    CAST(COALESCE(SUM(units), 0) AS NUMERIC) AS units,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM placed
  GROUP BY series, position, period_start
)
SELECT * FROM final
ORDER BY position, series
