-- The number of the last settlement, and of the last one included in the daily totals (0: there are no totals yet); the
-- number of changes of the catalogue's tables, and of the days whose daily totals do not include them.
SELECT
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS last_settlement,
  (SELECT COALESCE(MAX(settlement_no), 0) FROM summed) AS summed_settlement,
  (SELECT COUNT(*) FROM catalogue_changes) AS changes,
  (SELECT COUNT(*) FROM catalogue_days) AS changed_days
