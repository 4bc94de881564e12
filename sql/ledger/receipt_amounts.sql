-- What each root batch told in each currency: new, corrected and duplicate rows of every status, rows fixed later included.
-- Amounts are those of the rows' own contents, whether they count now or not.
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
  FROM told
  INNER JOIN batches ON batches.batch_no = told.batch_no
  INNER JOIN sale_versions ON sale_versions.key = told.key AND sale_versions.content = told.content
  GROUP BY batches.batch_id, batches.batch_no, sale_versions.currency
)
SELECT * FROM final
