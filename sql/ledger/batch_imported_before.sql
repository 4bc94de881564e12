-- The lines of one batch that the ledger had before, or that it has a later content of, by currency: what the batch
-- does not count again. Of the rows that repeat a line of the batch itself, one counts.
-- - lines: Number of these lines
-- - revenue: Net amount of those that are not cancelled
-- @batch_id STRING: ID of the batch
WITH
batch_lines AS (
  SELECT outcomes.key, outcomes.content
  FROM outcomes
  INNER JOIN batches ON batches.batch_no = outcomes.batch_no
  WHERE batches.batch_id = @batch_id AND outcomes.outcome IN ('new', 'corrected', 'duplicate')
  GROUP BY outcomes.key, outcomes.content
  HAVING COUNTIF(outcomes.outcome <> 'duplicate') = 0
),
final AS (
  SELECT
    sale_versions.currency,
    COUNT(*) AS lines,
    CAST(COALESCE(SUM(IF(sale_versions.status <> 'cancelled', sale_versions.net_amount, NULL)), 0) AS NUMERIC) AS revenue
  FROM sale_versions
  INNER JOIN batch_lines ON batch_lines.key = sale_versions.key AND batch_lines.content = sale_versions.content
  GROUP BY sale_versions.currency
)
SELECT * FROM final
ORDER BY currency
