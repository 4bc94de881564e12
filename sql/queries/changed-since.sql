-- The net difference that later settlements made to the chosen lines: revenue in the reporting currency, and units.
-- Subtract it from the present totals for the totals as of the given settlement.
-- @after INT64 = 0: only settlements after this one
-- reads: listed_changes, reporting, reporting_rates, settlements, visible_versions
-- amounts: converted
WITH
chosen_settlements AS (
  SELECT settlement_no, only_adds FROM settlements WHERE settlement_no > @after
),
sides AS (
  SELECT key, old AS content, -1 AS side FROM listed_changes WHERE old IS NOT NULL AND settlement_no > @after
  UNION ALL
  SELECT key, `new` AS content, 1 AS side FROM listed_changes WHERE `new` IS NOT NULL AND settlement_no > @after
),
side_lines AS (
  SELECT
    sides.side,
    visible_versions.sale_date,
    visible_versions.currency,
    visible_versions.net_amount,
    visible_versions.quantity
  FROM visible_versions
  INNER JOIN sides
    ON sides.key = visible_versions.key AND sides.content = visible_versions.content
  WHERE visible_versions.status <> 'cancelled'
  UNION ALL
  SELECT
    1 AS side,
    visible_versions.sale_date,
    visible_versions.currency,
    visible_versions.net_amount,
    visible_versions.quantity
  FROM visible_versions
  INNER JOIN chosen_settlements ON chosen_settlements.settlement_no = visible_versions.settlement_no
  WHERE chosen_settlements.only_adds AND visible_versions.status <> 'cancelled'
),
days AS (
  -- a day has one rate: what it sums to is converted, not each line
  SELECT
    sale_date,
    currency,
    SUM(IF(side > 0, net_amount, -net_amount)) AS net,
    SUM(IF(side > 0, quantity, -quantity)) AS units
  FROM side_lines
  GROUP BY sale_date, currency
),
final AS (
  SELECT
    CAST(
      COALESCE(
        SUM(
          CAST(days.net AS BIGNUMERIC)
          * CAST(IF(days.currency = reporting.currency, 1, rates.factor) AS BIGNUMERIC)
        ),
        0
      ) AS NUMERIC
    ) AS revenue,
    CAST(COALESCE(SUM(days.units), 0) AS NUMERIC) AS units
  FROM days
  CROSS JOIN reporting
  LEFT JOIN reporting_rates AS rates
    ON rates.sale_date = days.sale_date AND rates.currency = days.currency
)
SELECT * FROM final
