-- Each line of the ledger has one current content, whatever its day: no sale is counted twice.
WITH
repeated AS (
  SELECT key FROM sale_versions WHERE is_current GROUP BY key HAVING COUNT(*) > 1
),
final AS (
  SELECT
    versions.sale_date,
    CONCAT(versions.region, '|', versions.sale_id) AS order_id,
    versions.line_key,
    versions.region,
    versions.store_id,
    versions.net_amount,
    versions.currency
  FROM sale_versions AS versions
  INNER JOIN repeated ON repeated.key = versions.key
  WHERE versions.is_current
)
SELECT * FROM final
