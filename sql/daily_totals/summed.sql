-- The number of the last settlement; of the last one included in the daily totals with split_orders (0: there are no
-- totals yet); and of the last one included by any version. The number of changes of the catalogue's tables, and of the
-- days whose daily totals do not include them.
SELECT
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS last_settlement,
  (SELECT COALESCE(MAX(split_settlement_no), 0) FROM summed) AS summed_settlement,
  (SELECT COALESCE(MAX(settlement_no), 0) FROM summed) AS written_settlement,
  (SELECT COUNT(*) FROM catalogue_changes) AS changes,
  (SELECT COUNT(*) FROM catalogue_days) AS changed_days
