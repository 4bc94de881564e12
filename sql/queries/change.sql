-- Where the difference in revenue between the chosen sales and the compared ones comes from, one row per effect in the
-- order before, volume, mix, price, currency, new, lost, returns, other, after. The effects add up to after - before
-- exactly. Compared are the sales of the previous period, or those that the caller chooses.
-- Sold items have a product, a positive quantity and a positive amount; q is their quantity and R their revenue at the
-- average exchange rates of the compared sales. For the items sold on both sides, with p = R / q:
-- volume = (sum q1 - sum q0) * (sum R0 / sum q0); mix = sum(q1 * p0) - sum q1 * (sum R0 / sum q0);
-- price = sum R1 - sum(q1 * p0), the change of the average price paid. new and lost are items sold on one side only.
-- currency is the revenue minus the revenue at the rates of the compared sales; returns is the change of returned
-- lines; other is all else: lines without a product, quantity or amount, such as postage and fees.
-- items is the number of items of an effect; share is the amount as a fraction of `before`, NULL if that is not
-- positive. Sales without an exchange rate are not included. There is no row if there is nothing to compare: without
-- from and to, or if the previous period begins before the first reported day.
-- @grain STRING = product-and-channel of product-and-channel|product|category: what an item is
-- reads: compared_periods, compared_side_amounts
-- amounts: converted
WITH
kinds AS (
  SELECT
    side,
    kind,
    currency,
    units,
    active_net,
    revenue,
    CASE @grain
      WHEN 'product' THEN product
      WHEN 'product-and-channel' THEN CONCAT(product, ' ', COALESCE(channel, ''))
      WHEN 'category' THEN COALESCE(category, '')
    END AS item
  FROM compared_side_amounts
),
base_rates AS (
  SELECT
    currency,
    SAFE_DIVIDE(CAST(SUM(revenue) AS NUMERIC), CAST(SUM(active_net) AS NUMERIC)) AS rate
  FROM kinds
  WHERE side = 'before' AND kind = 'goods'
  GROUP BY currency
),
steady AS (
  SELECT
    kinds.side,
    kinds.kind,
    kinds.item,
    kinds.units,
    kinds.revenue,
    IF(
      kinds.side = 'before' OR base_rates.rate IS NULL,
      kinds.revenue,
      CAST(kinds.active_net AS BIGNUMERIC) * CAST(base_rates.rate AS BIGNUMERIC)
    ) AS amount
  FROM kinds
  LEFT JOIN base_rates ON base_rates.currency = kinds.currency
),
items AS (
  SELECT
    item,
    COALESCE(CAST(SUM(IF(side = 'before', units, NULL)) AS NUMERIC), 0) AS q0,
    COALESCE(CAST(SUM(IF(side = 'after', units, NULL)) AS NUMERIC), 0) AS q1,
    COALESCE(CAST(SUM(IF(side = 'before', amount, NULL)) AS NUMERIC), 0) AS r0,
    COALESCE(CAST(SUM(IF(side = 'after', amount, NULL)) AS NUMERIC), 0) AS r1
  FROM steady
  WHERE kind = 'goods'
  GROUP BY item
),
priced AS (
  SELECT
    q0,
    q1,
    r0,
    r1,
    q0 > 0 AND q1 > 0 AS stays,
    CAST(
      CAST(q1 AS BIGNUMERIC) * CAST(SAFE_DIVIDE(CAST(r0 AS NUMERIC), CAST(q0 AS NUMERIC)) AS BIGNUMERIC) AS NUMERIC
    ) AS r1_at_old_price
  FROM items
),
goods AS (
  SELECT
    COALESCE(CAST(SUM(IF(stays, r0, NULL)) AS NUMERIC), 0) AS r0,
    COALESCE(CAST(SUM(IF(stays, r1, NULL)) AS NUMERIC), 0) AS r1,
    COALESCE(CAST(SUM(IF(stays, r1_at_old_price, NULL)) AS NUMERIC), 0) AS r1_at_old_price,
    CAST(SUM(IF(stays, q0, NULL)) AS NUMERIC) AS q0,
    CAST(SUM(IF(stays, q1, NULL)) AS NUMERIC) AS q1,
    COALESCE(CAST(SUM(IF(q0 = 0, r1, NULL)) AS NUMERIC), 0) AS added,
    COALESCE(CAST(SUM(IF(q1 = 0, r0, NULL)) AS NUMERIC), 0) AS lost,
    COUNTIF(stays) AS staying_items,
    COUNTIF(q0 = 0) AS added_items,
    COUNTIF(q1 = 0) AS lost_items
  FROM priced
),
sums AS (
  SELECT
    COALESCE(CAST(SUM(IF(side = 'before', revenue, NULL)) AS NUMERIC), 0) AS before,
    COALESCE(CAST(SUM(IF(side = 'after', revenue, NULL)) AS NUMERIC), 0) AS after,
    COALESCE(CAST(SUM(IF(side = 'after', amount, NULL)) AS NUMERIC), 0) AS after_steady,
    COALESCE(CAST(SUM(IF(kind = 'returns' AND side = 'before', amount, NULL)) AS NUMERIC), 0) AS returns_before,
    COALESCE(CAST(SUM(IF(kind = 'returns' AND side = 'after', amount, NULL)) AS NUMERIC), 0) AS returns_after
  FROM steady
),
effects AS (
  SELECT
    sums.before,
    sums.after,
    sums.after - sums.after_steady AS currency,
    sums.returns_after - sums.returns_before AS returns,
    COALESCE(
      CAST(
        CAST(goods.q1 AS BIGNUMERIC)
        * CAST(SAFE_DIVIDE(CAST(goods.r0 AS NUMERIC), CAST(goods.q0 AS NUMERIC)) AS BIGNUMERIC) AS NUMERIC
      ),
      0
    ) AS r1_at_old_average,
    goods.*
  FROM sums
  CROSS JOIN goods
),
amounts AS (
  SELECT
    1 AS place,
    'before' AS effect,
    before AS amount,
    staying_items + lost_items AS items,
    before AS base
  FROM effects
  UNION ALL
  SELECT 2 AS place, 'volume' AS effect, r1_at_old_average - r0 AS amount, staying_items AS items, before AS base
  FROM effects
  UNION ALL
  SELECT
    3 AS place,
    'mix' AS effect,
    r1_at_old_price - r1_at_old_average AS amount,
    staying_items AS items,
    before AS base
  FROM effects
  UNION ALL
  SELECT 4 AS place, 'price' AS effect, r1 - r1_at_old_price AS amount, staying_items AS items, before AS base
  FROM effects
  UNION ALL
  SELECT 5 AS place, 'currency' AS effect, currency AS amount, NULL AS items, before AS base FROM effects
  UNION ALL
  SELECT 6 AS place, 'new' AS effect, added AS amount, added_items AS items, before AS base FROM effects
  UNION ALL
  SELECT 7 AS place, 'lost' AS effect, -lost AS amount, lost_items AS items, before AS base FROM effects
  UNION ALL
  SELECT 8 AS place, 'returns' AS effect, returns AS amount, NULL AS items, before AS base FROM effects
  UNION ALL
  SELECT
    9 AS place,
    'other' AS effect,
    after - before - currency - (r1 - r0) - added + lost - returns AS amount,
    NULL AS items,
    before AS base
  FROM effects
  UNION ALL
  SELECT
    10 AS place,
    'after' AS effect,
    after AS amount,
    staying_items + added_items AS items,
    before AS base
  FROM effects
),
final AS (
  SELECT
    place,
    effect,
    CAST(amount AS NUMERIC) AS amount,
    SAFE_DIVIDE(CAST(amount AS NUMERIC), CAST(IF(base > 0, base, NULL) AS NUMERIC)) AS share,
    CAST(items AS INT64) AS items
  FROM amounts
  WHERE EXISTS (SELECT 1 FROM compared_periods)
)
SELECT * FROM final
ORDER BY place
