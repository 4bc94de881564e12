-- As settled_sales elsewhere, of the last days only, so that a query does not read all days of the ledger. live_lines has
-- no earlier sales.
CREATE OR REPLACE VIEW settled_sales AS
SELECT DISTINCT scope AS sale
FROM statements
WHERE sale_date >= DATE_SUB(CURRENT_DATE(), INTERVAL 2 DAY)
