-- The net changes of the chosen lines by settlements, in groups: number of lines by type of change, amounts before and
-- after; greatest difference in revenue first. A line that no longer matches the filters counts as removed, a line that
-- matches them only since then as added. Net amounts are NULL for a group with several currencies; revenue is in the
-- reporting currency.
-- @after INT64 = 0: only settlements after this one
-- @through INT64 = 9223372036854775807: only settlements up to this one
-- @by STRING = total of total|currency|region|store|day|each: how to group; each: all five ways, in rows of their own
-- @limit INT64 = 100: maximum number of groups of one way
-- @offset INT64 = 0: number of groups to skip
-- reads: changed_contents, reporting, reporting_rates, visible_versions
-- amounts: converted
WITH
side_versions AS (
  SELECT
    visible_versions.key,
    changed_contents.is_after,
    changed_contents.has_both,
    visible_versions.region,
    visible_versions.store_id,
    visible_versions.sale_date,
    visible_versions.currency,
    IF(visible_versions.status <> 'cancelled', visible_versions.net_amount, 0) AS net,
    IF(visible_versions.status <> 'cancelled', visible_versions.quantity, 0) AS units
  FROM visible_versions
  INNER JOIN changed_contents
    ON changed_contents.key = visible_versions.key AND changed_contents.content = visible_versions.content
),
corrected_keys AS (
  SELECT key FROM side_versions WHERE has_both GROUP BY key HAVING COUNT(*) = 2
),
side_lines AS (
  SELECT
    side_versions.*,
    corrected_keys.key IS NOT NULL AS is_corrected
  FROM side_versions
  LEFT JOIN corrected_keys ON corrected_keys.key = side_versions.key
),
store_days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    region,
    store_id,
    sale_date,
    currency,
    COUNTIF(NOT is_corrected AND is_after) AS added,
    COUNTIF(is_corrected AND is_after) AS corrected,
    COUNTIF(NOT is_corrected AND NOT is_after) AS removed,
    COUNTIF(is_after) AS lines_after,
    SUM(IF(is_after, 0, net)) AS net_before,
    SUM(IF(is_after, net, 0)) AS net_after,
    SUM(IF(is_after, 0, units)) AS units_before,
    SUM(IF(is_after, units, 0)) AS units_after
  FROM side_lines
  GROUP BY region, store_id, sale_date, currency
),
rated AS (
  SELECT
    store_days.*,
    IF(store_days.currency = reporting.currency, 1, rates.factor) AS factor
  FROM store_days
  CROSS JOIN reporting
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = store_days.sale_date AND rates.currency = store_days.currency
),
converted AS (
  SELECT
    * EXCEPT (factor, lines_after),
    IF(factor IS NULL, lines_after, 0) AS unconverted_lines,
    CAST(net_before AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC) AS revenue_before,
    CAST(net_after AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC) AS revenue_after
  FROM rated
),
ways AS (
  SELECT 'total' AS grouped_by
  UNION ALL
  SELECT 'currency' AS grouped_by
  UNION ALL
  SELECT 'region' AS grouped_by
  UNION ALL
  SELECT 'store' AS grouped_by
  UNION ALL
  SELECT 'day' AS grouped_by
),
placed AS (
  SELECT
    ways.grouped_by,
    IF(ways.grouped_by IN ('region', 'store'), converted.region, NULL) AS region,
    IF(ways.grouped_by = 'store', converted.store_id, NULL) AS store_id,
    IF(ways.grouped_by = 'day', converted.sale_date, NULL) AS sale_date,
    IF(ways.grouped_by = 'currency', converted.currency, NULL) AS group_currency,
    converted.* EXCEPT (region, store_id, sale_date)
  FROM ways
  CROSS JOIN converted
  WHERE @by IN ('each', ways.grouped_by)
),
grouped AS (
  SELECT
    grouped_by,
    region,
    store_id,
    sale_date,
    IF(MIN(currency) = MAX(currency), MIN(currency), NULL) AS currency,
    CAST(SUM(added) AS INT64) AS added,
    CAST(SUM(corrected) AS INT64) AS corrected,
    CAST(SUM(removed) AS INT64) AS removed,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines,
    SUM(net_before) AS net_before,
    SUM(net_after) AS net_after,
    CAST(SUM(units_before) AS NUMERIC) AS units_before,
    CAST(SUM(units_after) AS NUMERIC) AS units_after,
    CAST(COALESCE(SUM(revenue_before), 0) AS NUMERIC) AS revenue_before,
    CAST(COALESCE(SUM(revenue_after), 0) AS NUMERIC) AS revenue_after
  FROM placed
  GROUP BY grouped_by, region, store_id, sale_date, group_currency
),
final AS (
  SELECT
    grouped_by,
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
    COUNT(*) OVER (PARTITION BY grouped_by) AS all_groups
  FROM grouped
  WHERE TRUE
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY grouped_by
      ORDER BY ABS(revenue_after - revenue_before) DESC, sale_date, region, store_id, currency
    ) BETWEEN @offset + 1 AND @offset + @limit
)
SELECT * FROM final
ORDER BY grouped_by, ABS(revenue_after - revenue_before) DESC, sale_date, region, store_id, currency
