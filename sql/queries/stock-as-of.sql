-- Stock by store and product as it was on a past day or at a past instant, by what is stored today: late files, undos and
-- corrections count. Facts without a time of day count from the end of their business day, those before opening from its
-- beginning. unit_cost is the cost of the day, stock_cost is in the reporting currency. Products that have neither stock nor
-- recent sales today are left out. matching is the number of rows of all pages. Rows are filtered by region, store, category
-- and product.
-- @day DATE: business day
-- @at TIMESTAMP = : instant on this day, UTC; default: its end
-- @today DATE = : last of the 56 days whose sales are recent_units; default: day
-- @text STRING = : only products whose ID or name contains it, ignoring case
-- @status STRING = all of all|in-stock|out|negative|not-counted|attention: status; attention: out and negative
-- @limit INT64 = 100: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: catalogue_costs, catalogue_names, computed_stock_levels, reporting, reporting_rates, visible_stock_levels
-- amounts: converted
WITH
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
rates AS (
  SELECT currency, factor
  FROM reporting_rates
  WHERE sale_date <= @day
  QUALIFY ROW_NUMBER() OVER (PARTITION BY currency ORDER BY sale_date DESC) = 1
),
costs AS (
  SELECT product_id, region, currency, amount FROM catalogue_costs WHERE first_day <= @day AND next_day > @day
),
names AS (
  SELECT kind, region, code, name FROM catalogue_names
),
levels AS (
  SELECT
    past.region,
    past.store_id,
    COALESCE(stores.name, past.store_id) AS store_name,
    past.product,
    COALESCE(product_names.name, visible.product_name, visible.product) AS product_name,
    visible.category,
    past.counted_on,
    past.counted_at,
    past.counted,
    past.moved,
    past.sold,
    past.on_hand,
    past.in_transit,
    past.recent_units,
    COALESCE(costs.amount, common_costs.amount) AS unit_cost,
    IF(costs.amount IS NULL, common_costs.currency, costs.currency) AS cost_currency
  FROM computed_stock_levels AS past
  INNER JOIN visible_stock_levels AS visible
    ON visible.region = past.region AND visible.store_id = past.store_id AND visible.product = past.product
  LEFT JOIN names AS product_names ON product_names.kind = 'product' AND product_names.code = past.product
  LEFT JOIN names AS stores
    ON stores.kind = 'store' AND stores.region = past.region AND stores.code = past.store_id
  LEFT JOIN costs ON costs.product_id = past.product AND costs.region = past.region
  LEFT JOIN costs AS common_costs ON common_costs.product_id = past.product AND common_costs.region = '*'
),
valued AS (
  SELECT
    levels.* EXCEPT (cost_currency),
    CAST(CAST(GREATEST(on_hand, 0) AS BIGNUMERIC) * CAST(unit_cost AS BIGNUMERIC) AS NUMERIC) AS own_cost,
    IF(cost_currency = reporting_currency.currency, 1, rates.factor) AS factor,
    CASE
      WHEN on_hand IS NULL THEN 'not-counted'
      WHEN on_hand < 0 THEN 'negative'
      WHEN on_hand = 0 THEN 'out'
      ELSE 'in-stock'
    END AS status
  FROM levels
  CROSS JOIN reporting_currency
  LEFT JOIN rates ON rates.currency = levels.cost_currency
),
final AS (
  SELECT
    valued.* EXCEPT (own_cost, factor),
    CAST(CAST(own_cost AS BIGNUMERIC) * CAST(factor AS BIGNUMERIC) AS NUMERIC) AS stock_cost,
    COUNT(*) OVER () AS matching
  FROM valued
  WHERE (@status = 'all' OR status = @status OR (@status = 'attention' AND status IN ('negative', 'out')))
    AND (@text = '' OR STRPOS(LOWER(CONCAT(product, ' ', product_name)), LOWER(@text)) > 0)
)
SELECT * FROM final
ORDER BY region, store_name, store_id, product_name, product
LIMIT @limit OFFSET @offset
