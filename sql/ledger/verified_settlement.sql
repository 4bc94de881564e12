-- The last settlement, and the time of the one that was verified; NULL if the ledger does not have it.
-- @verified INT64: the settlement
SELECT
  COALESCE(MAX(settlement_no), 0) AS last,
  MAX(IF(settlement_no = @verified, settled_at, NULL)) AS verified_at
FROM settlements
