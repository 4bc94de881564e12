-- Sales by salesperson, highest revenue first; the same ID in two regions is two salespeople.
-- totals: revenue, units, lines, unconverted_lines
-- needs: see personal columns
-- @limit INT64 = 100: maximum number of people
-- @offset INT64 = 0: number of people to skip
-- measures of sales_of_people: revenue, orders, units, customers, lines, unconverted_lines
-- dimensions of sales_of_people: region, salesperson!
-- reads: sales_of_people
-- amounts: converted
WITH
final AS (
  SELECT
    region,
    salesperson AS salesperson_id,
    revenue,
    orders,
    units,
    customers,
    lines,
    unconverted_lines
  FROM sales_of_people
)
SELECT * FROM final
ORDER BY revenue DESC, region, salesperson_id
LIMIT @limit OFFSET @offset
