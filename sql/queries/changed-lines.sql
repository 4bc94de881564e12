-- The chosen lines that settlements changed, net, each with its content before and after, greatest difference first.
-- A line that no longer matches the filters counts as removed, a line that matches them only since then as added.
-- @after INT64 = 0: only settlements after this one
-- @through INT64 = 9223372036854775807: only settlements up to this one
-- @kind STRING = all of all|added|corrected|removed: type of change
-- @limit INT64 = 100: maximum number of lines
-- @offset INT64 = 0: number of lines to skip
-- reads: changed_contents, visible_versions
WITH
amounts AS (
  SELECT
    visible_versions.key,
    CASE WHEN COUNT(*) = 2 THEN 'corrected' WHEN MAX(changed_contents.is_after) THEN 'added' ELSE 'removed' END AS kind,
    ABS(SUM(IF(changed_contents.is_after, visible_versions.net_amount, -visible_versions.net_amount))) AS difference
  FROM visible_versions
  INNER JOIN changed_contents
    ON changed_contents.key = visible_versions.key AND changed_contents.content = visible_versions.content
  GROUP BY visible_versions.key
),
kept AS (
  SELECT * FROM amounts WHERE @kind IN ('all', kind)
),
kept_total AS (
  SELECT COUNT(*) AS all_lines FROM kept
),
chosen AS (
  -- few lines are returned: only theirs is the rest read
  SELECT
    kept.key,
    kept.kind,
    kept.difference,
    kept_total.all_lines
  FROM kept
  CROSS JOIN kept_total
  ORDER BY kept.difference DESC, kept.key
  LIMIT @limit OFFSET @offset
),
side_lines AS (
  SELECT
    chosen.kind,
    chosen.difference,
    chosen.all_lines,
    changed_contents.is_after,
    visible_versions.key,
    visible_versions.region,
    visible_versions.sale_id,
    visible_versions.line_key,
    visible_versions.store_id,
    visible_versions.sale_date,
    visible_versions.product_id,
    visible_versions.product_name,
    visible_versions.status,
    visible_versions.quantity,
    visible_versions.net_amount,
    visible_versions.currency
  FROM visible_versions
  INNER JOIN chosen ON chosen.key = visible_versions.key
  INNER JOIN changed_contents
    ON changed_contents.key = visible_versions.key AND changed_contents.content = visible_versions.content
),
final AS (
  SELECT
    region,
    sale_id,
    line_key,
    kind,
    COALESCE(MAX(IF(is_after, store_id, NULL)), MAX(store_id)) AS store_id,
    COALESCE(MAX(IF(is_after, product_name, NULL)), MAX(product_name), MAX(product_id)) AS product,
    MAX(IF(is_after, NULL, sale_date)) AS sale_date_before,
    MAX(IF(is_after, sale_date, NULL)) AS sale_date_after,
    MAX(IF(is_after, NULL, status)) AS status_before,
    MAX(IF(is_after, status, NULL)) AS status_after,
    MAX(IF(is_after, NULL, quantity)) AS quantity_before,
    MAX(IF(is_after, quantity, NULL)) AS quantity_after,
    MAX(IF(is_after, NULL, net_amount)) AS net_before,
    MAX(IF(is_after, net_amount, NULL)) AS net_after,
    COALESCE(MAX(IF(is_after, currency, NULL)), MAX(currency)) AS currency,
    all_lines,
    difference,
    key
  FROM side_lines
  GROUP BY key, region, sale_id, line_key, kind, all_lines, difference
)
SELECT
  region,
  sale_id,
  line_key,
  kind,
  store_id,
  product,
  sale_date_before,
  sale_date_after,
  status_before,
  status_after,
  quantity_before,
  quantity_after,
  net_before,
  net_after,
  currency,
  all_lines
FROM final
ORDER BY difference DESC, key
