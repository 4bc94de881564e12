-- Revenue and orders of each store today, and a week earlier until the same time of day. untimed_lines counts the lines
-- of that day without a time: with some, the two days cannot be compared. Lines with a time in the future are not
-- included: the clock of their till is wrong.
-- @today DATE: the day
-- @week_earlier DATE: the day to compare with
-- @ends INT64 = 9223372036854775807: microseconds since 1970: lines of today that were sold later are not included
-- @sold_until INT64: microseconds since 1970: lines of the earlier day that were sold later are not included
-- reads: visible_sales
-- amounts: converted
WITH
lines AS (
  SELECT
    *,
    sale_date = @today AND (sold_at IS NULL OR UNIX_MICROS(sold_at) <= @ends) AS is_today,
    sale_date = @week_earlier AND sold_at IS NOT NULL AND UNIX_MICROS(sold_at) <= @sold_until AS is_before
  FROM visible_sales
  WHERE sale_date = @today OR sale_date = @week_earlier
),
final AS (
  SELECT
    region,
    store_id,
    CAST(COALESCE(SUM(IF(is_today, revenue, NULL)), 0) AS NUMERIC) AS revenue,
    COUNT(DISTINCT IF(is_today AND counts_as_order, sale, NULL)) AS orders,
    CAST(COALESCE(SUM(IF(is_before, revenue, NULL)), 0) AS NUMERIC) AS revenue_before,
    COUNT(DISTINCT IF(is_before AND counts_as_order, sale, NULL)) AS orders_before,
    COUNTIF(sale_date <> @today AND is_active AND sold_at IS NULL) AS untimed_lines,
    COUNTIF((is_today OR is_before) AND is_unconverted) AS unconverted_lines
  FROM lines
  GROUP BY region, store_id
)
SELECT * FROM final
ORDER BY region, store_id
