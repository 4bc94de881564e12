-- The number of the last settlement, and of the last one included in the daily totals (0: there are no totals yet).
SELECT
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS last_settlement,
  (SELECT COALESCE(MAX(settlement_no), 0) FROM summed) AS summed_settlement
