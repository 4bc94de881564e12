-- The fiscal year and the retail calendar of the warehouse.
SELECT
  fiscal_month,
  pattern,
  days_after_monday,
  days_ahead
FROM calendar
