-- The days that settlements changed after one of them, with the last of these settlements and the number of lines of the
-- day; only settlements that the daily totals include.
-- @settlement_no INT64: the last settlement that is checked
WITH
summed_through AS (
  SELECT MAX(split_settlement_no) AS settlement_no FROM summed
),
changed AS (
  SELECT
    settlement_days.sale_date,
    MAX(settlement_days.settlement_no) AS settlement_no
  FROM settlement_days
  CROSS JOIN summed_through
  WHERE settlement_days.settlement_no > @settlement_no
    AND settlement_days.settlement_no <= summed_through.settlement_no
  GROUP BY settlement_days.sale_date
),
totals AS (
  SELECT sale_date, CAST(SUM(lines) AS INT64) AS lines FROM day_sums GROUP BY sale_date
)
SELECT changed.sale_date, changed.settlement_no, COALESCE(totals.lines, 0) AS lines
FROM changed
LEFT JOIN totals ON totals.sale_date = changed.sale_date
