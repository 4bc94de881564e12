-- The last settlement, and the last day with sales up to @today.
-- @today DATE: today
SELECT
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS settlement_no,
  (SELECT MAX(sale_date) FROM settlement_days WHERE sale_date <= @today) AS last_day
