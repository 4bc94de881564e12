-- The last settlement, the time of the one that was verified, and the number of settlements and batches up to it. The
-- time is NULL if the ledger does not have it.
-- @verified INT64: the settlement
SELECT
  COALESCE(MAX(settlement_no), 0) AS last,
  MAX(IF(settlement_no = @verified, settled_at, NULL)) AS verified_at,
  COUNTIF(settlement_no <= @verified) AS settlements,
  (SELECT COUNTIF(settlement_no <= @verified) FROM batches) AS batches
FROM settlements
