-- Hashes of the sales that the ledger has from tills, also of batches that were undone: a sale whose lines are not shown
-- as unsettled any more.
CREATE OR REPLACE VIEW settled_sales AS
SELECT DISTINCT scope AS sale
FROM statements
