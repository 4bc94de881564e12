-- The net changes of the chosen lines by settlements, in groups: number of lines by type of change, amounts before and
-- after; greatest difference in revenue first. A line that no longer matches the filters counts as removed, a line that
-- matches them only since then as added. Net amounts are NULL for a group with several currencies; revenue is in the
-- reporting currency.
-- @after INT64 = 0: only settlements after this one
-- @through INT64 = 9223372036854775807: only settlements up to this one
-- @by STRING = total of total|currency|region|store|day: how to group
-- @limit INT64 = 100: maximum number of groups
-- @offset INT64 = 0: number of groups to skip
WITH
listed AS (
  SELECT
    settlement_no,
    key,
    old,
    `new`
  FROM changes
  WHERE settlement_no > @after AND settlement_no <= @through
),
first_changes AS (
  SELECT key, old
  FROM listed
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY key ORDER BY settlement_no) = 1
),
last_changes AS (
  SELECT key, `new`
  FROM listed
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY key ORDER BY settlement_no DESC) = 1
),
net_changes AS (
  SELECT
    first_changes.key,
    first_changes.old,
    last_changes.`new`
  FROM first_changes
  INNER JOIN last_changes ON last_changes.key = first_changes.key
  WHERE first_changes.old IS DISTINCT FROM last_changes.`new`
),
sides AS (
  SELECT key, old AS content, FALSE AS is_after FROM net_changes WHERE old IS NOT NULL
  UNION ALL
  SELECT key, `new` AS content, TRUE AS is_after FROM net_changes WHERE `new` IS NOT NULL
),
side_lines AS (
  SELECT
    visible_versions.key,
    sides.is_after,
    COUNT(*) OVER (PARTITION BY visible_versions.key) = 2 AS is_corrected,
    IF(@by IN ('region', 'store'), visible_versions.region, NULL) AS region,
    IF(@by = 'store', visible_versions.store_id, NULL) AS store_id,
    IF(@by = 'day', visible_versions.sale_date, NULL) AS sale_date,
    IF(@by = 'currency', visible_versions.currency, NULL) AS group_currency,
    visible_versions.currency,
    IF(visible_versions.status <> 'cancelled', visible_versions.net_amount, 0) AS net,
    IF(visible_versions.status <> 'cancelled', visible_versions.quantity, 0) AS units,
    IF(visible_versions.currency = reporting.currency, 1, rates.factor) AS factor
  FROM sides
  INNER JOIN visible_versions
    ON visible_versions.key = sides.key AND visible_versions.content = sides.content
  CROSS JOIN reporting
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = visible_versions.sale_date AND rates.currency = visible_versions.currency
),
grouped AS (
  SELECT
    region,
    store_id,
    sale_date,
    IF(MIN(currency) = MAX(currency), MIN(currency), NULL) AS currency,
    COUNTIF(NOT is_corrected AND is_after) AS added,
    COUNTIF(is_corrected AND is_after) AS corrected,
    COUNTIF(NOT is_corrected AND NOT is_after) AS removed,
    COUNTIF(is_after AND factor IS NULL) AS unconverted_lines,
    COALESCE(SUM(IF(is_after, 0, net)), 0) AS net_before,
    COALESCE(SUM(IF(is_after, net, 0)), 0) AS net_after,
    CAST(COALESCE(SUM(IF(is_after, 0, units)), 0) AS NUMERIC) AS units_before,
    CAST(COALESCE(SUM(IF(is_after, units, 0)), 0) AS NUMERIC) AS units_after,
    CAST(
      COALESCE(SUM(IF(is_after, 0, CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC))), 0) AS NUMERIC
    ) AS revenue_before,
    CAST(
      COALESCE(SUM(IF(is_after, CAST(net AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC), 0)), 0) AS NUMERIC
    ) AS revenue_after
  FROM side_lines
  GROUP BY region, store_id, sale_date, group_currency
),
final AS (
  SELECT
    region,
    store_id,
    sale_date,
    currency,
    added,
    corrected,
    removed,
    unconverted_lines,
    IF(currency IS NULL, NULL, CAST(net_before AS NUMERIC)) AS net_before,
    IF(currency IS NULL, NULL, CAST(net_after AS NUMERIC)) AS net_after,
    units_before,
    units_after,
    revenue_before,
    revenue_after,
    COUNT(*) OVER () AS all_groups
  FROM grouped
)
SELECT * FROM final
ORDER BY ABS(revenue_after - revenue_before) DESC, sale_date, region, store_id, currency
LIMIT @limit OFFSET @offset
