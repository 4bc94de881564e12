-- The settlements that changed chosen lines, latest first: the number of lines added, corrected and removed, and the
-- net change of revenue in the reporting currency.
-- @after INT64 = 0: only settlements after this one
-- @before INT64 = 9223372036854775807: only settlements before this one
-- @since DATE = 0001-01-01: only settlements of this day (UTC) or later
-- @limit INT64 = 50: maximum number of settlements
-- @offset INT64 = 0: number of settlements to skip
-- reads: listed_changes, reporting, reporting_rates, settlements, visible_versions
-- amounts: converted
WITH
chosen_settlements AS (
  SELECT settlement_no, settled_at, only_adds
  FROM settlements
  WHERE settlement_no > @after AND settlement_no < @before AND CAST(settled_at AS DATE) >= @since
),
sides AS (
  SELECT settlement_no, key, old AS content, FALSE AS is_after, `new` IS NOT NULL AS has_both
  FROM listed_changes
  WHERE old IS NOT NULL
  UNION ALL
  SELECT settlement_no, key, `new` AS content, TRUE AS is_after, old IS NOT NULL AS has_both
  FROM listed_changes
  WHERE `new` IS NOT NULL
),
side_versions AS (
  SELECT
    sides.settlement_no,
    sides.key,
    sides.is_after,
    sides.has_both,
    visible_versions.sale_date,
    visible_versions.currency,
    IF(visible_versions.status <> 'cancelled', visible_versions.net_amount, 0) AS net
  FROM visible_versions
  INNER JOIN sides
    ON sides.key = visible_versions.key AND sides.content = visible_versions.content
  INNER JOIN chosen_settlements ON chosen_settlements.settlement_no = sides.settlement_no
),
corrections AS (
  -- both sides of the change are visible
  SELECT settlement_no, key FROM side_versions WHERE has_both GROUP BY settlement_no, key HAVING COUNT(*) = 2
),
side_lines AS (
  SELECT
    side_versions.settlement_no,
    side_versions.is_after,
    corrections.key IS NOT NULL AS is_corrected,
    side_versions.sale_date,
    side_versions.currency,
    side_versions.net
  FROM side_versions
  LEFT JOIN corrections
    ON corrections.settlement_no = side_versions.settlement_no AND corrections.key = side_versions.key
  UNION ALL
  -- a settlement that only added lines lists none: its changes are the versions that it added
  SELECT
    visible_versions.settlement_no,
    TRUE AS is_after,
    FALSE AS is_corrected,
    visible_versions.sale_date,
    visible_versions.currency,
    IF(visible_versions.status <> 'cancelled', visible_versions.net_amount, 0) AS net
  FROM visible_versions
  INNER JOIN chosen_settlements ON chosen_settlements.settlement_no = visible_versions.settlement_no
  WHERE chosen_settlements.only_adds
),
days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    settlement_no,
    sale_date,
    currency,
    COUNTIF(NOT is_corrected AND is_after) AS added,
    COUNTIF(is_corrected AND is_after) AS corrected,
    COUNTIF(NOT is_corrected AND NOT is_after) AS removed,
    SUM(IF(is_after, net, -net)) AS net
  FROM side_lines
  GROUP BY settlement_no, sale_date, currency
),
counted AS (
  SELECT
    days.settlement_no,
    CAST(SUM(days.added) AS INT64) AS added,
    CAST(SUM(days.corrected) AS INT64) AS corrected,
    CAST(SUM(days.removed) AS INT64) AS removed,
    CAST(
      COALESCE(
        SUM(
          CAST(days.net AS BIGNUMERIC)
          * CAST(IF(days.currency = reporting.currency, 1, rates.factor) AS BIGNUMERIC)
        ),
        0
      ) AS NUMERIC
    ) AS revenue_change
  FROM days
  CROSS JOIN reporting
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = days.sale_date AND rates.currency = days.currency
  GROUP BY days.settlement_no
),
final AS (
  SELECT
    chosen_settlements.settlement_no,
    chosen_settlements.settled_at,
    counted.added,
    counted.corrected,
    counted.removed,
    counted.revenue_change
  FROM chosen_settlements
  INNER JOIN counted ON counted.settlement_no = chosen_settlements.settlement_no
)
SELECT * FROM final
ORDER BY settlement_no DESC
LIMIT @limit OFFSET @offset
