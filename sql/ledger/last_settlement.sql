-- The last settlement up to @last INT64, and the settlement @noted INT64, each with the time of its commit; NULL without
-- one.
WITH
latest AS (
  SELECT MAX(settlement_no) AS settlement_no FROM settlements WHERE settlement_no <= @last
)
SELECT
  MAX(latest.settlement_no) AS settlement_no,
  MAX(IF(settlements.settlement_no = latest.settlement_no, settlements.settled_at, NULL)) AS settled_at,
  MAX(IF(settlements.settlement_no = @noted, settlements.settled_at, NULL)) AS noted_at
FROM settlements
CROSS JOIN latest
WHERE settlements.settlement_no = latest.settlement_no OR settlements.settlement_no = @noted
