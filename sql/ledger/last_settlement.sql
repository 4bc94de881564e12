-- The last settlement up to @last INT64, and the settlement @noted INT64, each with the time of its commit.
SELECT settlement_no, settled_at
FROM settlements
WHERE settlement_no <= @last
QUALIFY ROW_NUMBER() OVER (ORDER BY settlement_no DESC) = 1 OR settlement_no = @noted
