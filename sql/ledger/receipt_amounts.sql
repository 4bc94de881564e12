-- The amounts of each upload by currency, whatever the status: of its new, corrected and duplicate rows, including rows
-- corrected later. They are computed from the rows as received, whether these are current or not.
-- - net: Net amount of the new, corrected and duplicate rows
-- - gross: Gross amount of the same rows; NULL if unknown
CREATE OR REPLACE VIEW receipt_amounts AS
WITH
accepted_rows AS (
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
  INNER JOIN accepted_rows ON accepted_rows.key = sale_versions.key AND accepted_rows.content = sale_versions.content
  INNER JOIN batches ON batches.batch_no = accepted_rows.batch_no
  GROUP BY batches.batch_id, batches.batch_no, sale_versions.currency
)
SELECT * FROM final
