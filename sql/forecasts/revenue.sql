-- Net amounts of the days from @first to @last by store, category and currency, in the currency of the lines.
-- @first DATE: first day
-- @last DATE: last day
SELECT
  region,
  store_id,
  category,
  currency,
  sale_date,
  MAX(country) AS country,
  CAST(SUM(lines) AS INT64) AS lines,
  SUM(net) AS net
FROM day_sums
WHERE sale_date >= @first AND sale_date <= @last AND status <> 'cancelled'
GROUP BY region, store_id, category, currency, sale_date
