-- Each month with its average order value, and its growth against the previous month and the same month of the previous
-- year. Growth is a fraction of revenue up to the last chosen and reported day: an unfinished month is compared with
-- the same days of the other month. NULL if the other month has no revenue or its beginning is not completely reported.
-- totals: revenue, units, lines, unconverted_lines
-- measures of months: revenue, month_matched_revenue, year_matched_revenue, orders, units, lines, unconverted_lines
-- measures of months: average_order_value
-- dimensions of months: month
-- reads: compared_days, months
-- amounts: converted
WITH
whole AS (
  SELECT months.*
  FROM months
  CROSS JOIN compared_days
  WHERE months.month >= compared_days.first_day
),
final AS (
  SELECT
    this_month.month,
    this_month.revenue,
    this_month.orders,
    this_month.units,
    this_month.lines,
    this_month.unconverted_lines,
    this_month.average_order_value,
    SAFE_DIVIDE(
      CAST(this_month.revenue - month_before.month_matched_revenue AS NUMERIC),
      CAST(IF(month_before.month_matched_revenue > 0, month_before.month_matched_revenue, NULL) AS NUMERIC)
    ) AS revenue_growth,
    SAFE_DIVIDE(
      CAST(this_month.revenue - year_before.year_matched_revenue AS NUMERIC),
      CAST(IF(year_before.year_matched_revenue > 0, year_before.year_matched_revenue, NULL) AS NUMERIC)
    ) AS revenue_growth_year
  FROM months AS this_month
  LEFT JOIN whole AS month_before ON month_before.month = DATE_SUB(this_month.month, INTERVAL 1 MONTH)
  LEFT JOIN whole AS year_before ON year_before.month = DATE_SUB(this_month.month, INTERVAL 12 MONTH)
)
SELECT * FROM final
ORDER BY month
