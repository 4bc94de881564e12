-- How far the sums by day cover the ledger: the last settlement, and the last one in the sums (0: nothing is summed).
SELECT
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS last_settlement,
  (SELECT COALESCE(MAX(settlement_no), 0) FROM summed) AS summed_settlement
