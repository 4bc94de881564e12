-- What each root batch told in each currency: new, corrected and duplicate rows of every status, rows fixed later included.
-- Amounts are those of the rows' own contents, whether they count now or not.
-- - net: Net amounts of its new, corrected and duplicate rows
-- - gross: Gross amounts of the same rows, where known
CREATE OR REPLACE VIEW receipt_amounts AS
WITH
told AS (
  SELECT batch_no, key, content FROM outcomes WHERE outcome IN ('new', 'corrected', 'duplicate')
),
final AS (
  SELECT
    batches.batch_id,
    batches.batch_no,
    sale_versions.currency,
    CAST(SUM(sale_versions.net_amount) AS NUMERIC) AS net,
    CAST(SUM(sale_versions.gross_amount) AS NUMERIC) AS gross
  FROM sale_versions
  INNER JOIN told ON told.key = sale_versions.key AND told.content = sale_versions.content
  INNER JOIN batches ON batches.batch_no = told.batch_no
  GROUP BY batches.batch_id, batches.batch_no, sale_versions.currency
)
SELECT * FROM final
