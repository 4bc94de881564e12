-- Sales by month and weekday, for a heatmap. month is the first day of the month; weekday is 1 (Monday) to 7 (Sunday).
-- days is the number of days with a sale; revenue / days is the average of such a day. Cells without sales have no row.
-- lines includes every status; revenue and units leave out cancelled lines, orders cancelled and
-- returned ones. A sale with lines on several days is one order of each cell.
-- totals: revenue, units, lines, unconverted_lines
-- measures of weekdays: revenue, orders, units, days, lines, unconverted_lines
-- dimensions of weekdays: month, weekday
-- reads: weekdays
WITH
final AS (
  SELECT * FROM weekdays
)
SELECT * FROM final
ORDER BY month, weekday
