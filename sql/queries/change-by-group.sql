-- As change, for each region, store, category, product, channel, salesperson or country: where the difference between
-- its revenue and that of the compared sales comes from. item is the group, NULL for the lines without one; the same
-- store or salesperson in two regions is two groups, and region is theirs. name is the name of a product: the latest one
-- in the catalogue, else that of its source.
-- The effects of a group are those of `change` for its sales alone, and add up to its change exactly. total_change is
-- the change of all groups together. contribution is the change as a fraction of the compared revenue of all groups, so
-- that the contributions add up to the growth of the total. growth and contribution are NULL if there is no revenue to
-- compare with. There is no row if there is nothing to compare, as in change.
-- @dimension STRING = product of region|store|category|product|channel|salesperson|country: what a group is
-- @grain STRING = product-and-channel of product-and-channel|product|category: what an item is
-- @sort STRING = change of change|rise|fall: the greatest change up or down first, or the greatest rise, or fall
-- @personal INT64 = 0: 1 if the user may see personal columns; otherwise there are no salespeople
-- @limit INT64 = 1000: maximum number of groups
-- reads: catalogue_names, compared_periods, compared_side_amounts
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
    IF(@dimension = 'product', product_name, NULL) AS name,
    CASE @dimension
      WHEN 'region' THEN region
      WHEN 'store' THEN store_id
      WHEN 'category' THEN category
      WHEN 'product' THEN product
      WHEN 'channel' THEN channel
      WHEN 'salesperson' THEN IF(@personal = 1, salesperson_id, NULL)
      WHEN 'country' THEN country
    END AS item,
    CASE @dimension
      WHEN 'store' THEN IF(store_id IS NULL, NULL, region)
      WHEN 'salesperson' THEN IF(@personal = 1 AND salesperson_id IS NOT NULL, region, NULL)
    END AS item_region,
    CASE @grain
      WHEN 'product' THEN product
      WHEN 'product-and-channel' THEN CONCAT(product, ' ', COALESCE(channel, ''))
      WHEN 'category' THEN COALESCE(category, '')
    END AS sold_item
  FROM compared_side_amounts
),
summed AS (
  SELECT
    item,
    item_region,
    sold_item,
    side,
    kind,
    currency,
    MIN(name) AS name,
    SUM(units) AS units,
    SUM(active_net) AS net,
    SUM(revenue) AS revenue
  FROM kinds
  GROUP BY item, item_region, sold_item, side, kind, currency
),
base_sums AS (
  SELECT
    summed.*,
    SUM(IF(side = 'before' AND kind = 'goods', revenue, NULL)) OVER (
      PARTITION BY item, item_region, currency
    ) AS base_revenue,
    SUM(IF(side = 'before' AND kind = 'goods', net, NULL)) OVER (
      PARTITION BY item, item_region, currency
    ) AS base_net
  FROM summed
),
rated AS (
  SELECT
    base_sums.*,
    SAFE_DIVIDE(CAST(base_revenue AS NUMERIC), CAST(base_net AS NUMERIC)) AS rate
  FROM base_sums
),
steady AS (
  SELECT
    rated.*,
    IF(
      side = 'before' OR rate IS NULL,
      revenue,
      CAST(net AS BIGNUMERIC) * CAST(rate AS BIGNUMERIC)
    ) AS amount
  FROM rated
),
items AS (
  SELECT
    item,
    item_region,
    sold_item,
    MIN(name) AS name,
    COALESCE(CAST(SUM(IF(side = 'before', revenue, NULL)) AS NUMERIC), 0) AS before,
    COALESCE(CAST(SUM(IF(side = 'after', revenue, NULL)) AS NUMERIC), 0) AS after,
    COALESCE(CAST(SUM(IF(side = 'after', amount, NULL)) AS NUMERIC), 0) AS after_steady,
    COALESCE(CAST(SUM(IF(kind = 'goods' AND side = 'before', units, NULL)) AS NUMERIC), 0) AS q0,
    COALESCE(CAST(SUM(IF(kind = 'goods' AND side = 'after', units, NULL)) AS NUMERIC), 0) AS q1,
    COALESCE(CAST(SUM(IF(kind = 'goods' AND side = 'before', amount, NULL)) AS NUMERIC), 0) AS r0,
    COALESCE(CAST(SUM(IF(kind = 'goods' AND side = 'after', amount, NULL)) AS NUMERIC), 0) AS r1,
    COALESCE(CAST(SUM(IF(kind = 'returns' AND side = 'before', amount, NULL)) AS NUMERIC), 0) AS returns_before,
    COALESCE(CAST(SUM(IF(kind = 'returns' AND side = 'after', amount, NULL)) AS NUMERIC), 0) AS returns_after
  FROM steady
  GROUP BY item, item_region, sold_item
),
priced AS (
  SELECT
    items.*,
    q0 > 0 AND q1 > 0 AS stays,
    CAST(
      CAST(q1 AS BIGNUMERIC) * CAST(SAFE_DIVIDE(CAST(r0 AS NUMERIC), CAST(q0 AS NUMERIC)) AS BIGNUMERIC) AS NUMERIC
    ) AS r1_at_old_price
  FROM items
),
goods AS (
  SELECT
    item,
    item_region,
    MIN(name) AS name,
    CAST(SUM(before) AS NUMERIC) AS before,
    CAST(SUM(after) AS NUMERIC) AS after,
    CAST(SUM(after - after_steady) AS NUMERIC) AS exchange_rates,
    COALESCE(CAST(SUM(IF(stays, r0, NULL)) AS NUMERIC), 0) AS r0,
    COALESCE(CAST(SUM(IF(stays, r1, NULL)) AS NUMERIC), 0) AS r1,
    COALESCE(CAST(SUM(IF(stays, r1_at_old_price, NULL)) AS NUMERIC), 0) AS r1_at_old_price,
    CAST(SUM(IF(stays, q0, NULL)) AS NUMERIC) AS q0,
    CAST(SUM(IF(stays, q1, NULL)) AS NUMERIC) AS q1,
    COALESCE(CAST(SUM(IF(q0 = 0, r1, NULL)) AS NUMERIC), 0) AS new_products,
    COALESCE(CAST(SUM(IF(q1 = 0, -r0, NULL)) AS NUMERIC), 0) AS lost_products,
    CAST(SUM(returns_after - returns_before) AS NUMERIC) AS returns
  FROM priced
  GROUP BY item, item_region
),
averaged AS (
  SELECT
    goods.*,
    CAST(after - before AS NUMERIC) AS change,
    COALESCE(
      CAST(
        CAST(q1 AS BIGNUMERIC) * CAST(SAFE_DIVIDE(CAST(r0 AS NUMERIC), CAST(q0 AS NUMERIC)) AS BIGNUMERIC) AS NUMERIC
      ),
      0
    ) AS r1_at_old_average
  FROM goods
),
totals AS (
  SELECT
    averaged.*,
    CAST(SUM(change) OVER () AS NUMERIC) AS total_change,
    CAST(SUM(before) OVER () AS NUMERIC) AS total_before
  FROM averaged
),
names AS (
  SELECT code, name FROM catalogue_names WHERE kind = 'product' AND @dimension = 'product'
),
final AS (
  SELECT
    item,
    COALESCE(names.name, totals.name) AS name,
    item_region AS region,
    before,
    after,
    change,
    SAFE_DIVIDE(CAST(change AS NUMERIC), CAST(IF(before > 0, before, NULL) AS NUMERIC)) AS growth,
    SAFE_DIVIDE(CAST(change AS NUMERIC), CAST(IF(total_before > 0, total_before, NULL) AS NUMERIC)) AS contribution,
    total_change,
    CAST(r1_at_old_average - r0 AS NUMERIC) AS volume,
    CAST(r1_at_old_price - r1_at_old_average AS NUMERIC) AS mix,
    CAST(r1 - r1_at_old_price AS NUMERIC) AS price,
    exchange_rates,
    new_products,
    lost_products,
    returns,
    CAST(
      change - exchange_rates - (r1 - r0) - new_products - lost_products - returns AS NUMERIC
    ) AS other
  FROM totals
  LEFT JOIN names ON names.code = totals.item
  WHERE EXISTS (SELECT 1 FROM compared_periods)
)
SELECT * FROM final
ORDER BY
  CASE @sort WHEN 'rise' THEN change WHEN 'fall' THEN -change ELSE ABS(change) END DESC,
  item,
  region
LIMIT @limit
