-- Stock by store and product: in stock, low, out, negative (more was sold than there was), or not counted. Stock is the
-- last count plus movements and minus units sold after it; returns add back. in_transit is sent by other stores and has not
-- arrived. recent_units were sold in the last 56 days. unit_cost is in cost_currency, stock_cost in the reporting
-- currency. Rows are filtered by region, store, category and product; stock-statuses has their number.
-- @text STRING = : only products whose ID, name or supplier contains it, or with this code or barcode, ignoring case
-- @status STRING = all of all|in-stock|low|out|negative|not-counted|attention: status; attention: low, out and negative
-- @sort STRING = status of status|product|store|on-hand|cover|recent|value: order
-- @descending INT64 = 0: 1 for the opposite order
-- @limit INT64 = 100: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: searched_stock_facts, visible_stock_levels
-- amounts: converted
WITH
covers AS (
  SELECT
    on_hand,
    recent_units,
    SAFE_DIVIDE(CAST(on_hand AS NUMERIC), CAST(recent_units AS NUMERIC)) AS cover
  FROM visible_stock_levels
  WHERE @sort = 'cover' AND on_hand >= 0 AND recent_units > 0
  GROUP BY on_hand, recent_units
),
chosen AS (
  SELECT searched_stock_facts.*, covers.cover
  FROM searched_stock_facts
  LEFT JOIN covers
    ON covers.on_hand = searched_stock_facts.on_hand AND covers.recent_units = searched_stock_facts.recent_units
  WHERE
    @status = 'all'
    OR status = @status
    OR (@status = 'attention' AND status IN ('negative', 'out', 'low'))
),
keyed AS (
  SELECT
    chosen.*,
    CASE @sort WHEN 'product' THEN LOWER(product_name) WHEN 'store' THEN LOWER(store_name) ELSE '' END AS text_key,
    CASE @sort
      WHEN 'status' THEN
        CASE status WHEN 'negative' THEN 1 WHEN 'out' THEN 2 WHEN 'low' THEN 3 WHEN 'in-stock' THEN 4 ELSE 5 END
      WHEN 'on-hand' THEN on_hand
      WHEN 'cover' THEN cover
      WHEN 'recent' THEN -recent_units
    END AS number_key,
    IF(
      @sort = 'value',
      -(CAST(GREATEST(on_hand, 0) AS BIGNUMERIC) * CAST(reporting_cost AS BIGNUMERIC)),
      NULL
    ) AS value_key
  FROM chosen
),
page AS (
  SELECT *
  FROM keyed
  ORDER BY
    value_key IS NULL,
    IF(@descending = 1, -value_key, value_key),
    number_key IS NULL,
    IF(@descending = 1, -number_key, number_key),
    IF(@descending = 1, '', text_key),
    IF(@descending = 1, text_key, '') DESC,
    recent_units DESC,
    region,
    store_id,
    product
  LIMIT @limit OFFSET @offset
),
final AS (
  SELECT
    page.region,
    page.store_id,
    page.store_name,
    page.product,
    page.product_name,
    page.category,
    page.supplier,
    page.pack_size,
    page.counted_on,
    page.counted_at,
    page.counted,
    page.moved,
    page.sold,
    page.on_hand,
    page.in_transit,
    page.recent_units,
    COALESCE(
      minimum_stock,
      SAFE_DIVIDE(CAST(recent_units * lead_time_days AS NUMERIC), CAST(56 AS NUMERIC))
    ) AS low_below,
    page.unit_cost,
    page.cost_currency,
    status,
    IF(
      on_hand >= 0 AND recent_units > 0,
      SAFE_DIVIDE(CAST(on_hand * 56 AS NUMERIC), CAST(recent_units AS NUMERIC)),
      NULL
    ) AS days_of_cover,
    CAST(
      CAST(CAST(CAST(GREATEST(on_hand, 0) AS BIGNUMERIC) * CAST(unit_cost AS BIGNUMERIC) AS NUMERIC) AS BIGNUMERIC)
      * CAST(factor AS BIGNUMERIC) AS NUMERIC
    ) AS stock_cost,
    value_key,
    number_key,
    text_key
  FROM page
)
SELECT
  * EXCEPT (value_key, number_key, text_key)
FROM final
ORDER BY
  value_key IS NULL,
  IF(@descending = 1, -value_key, value_key),
  number_key IS NULL,
  IF(@descending = 1, -number_key, number_key),
  IF(@descending = 1, '', text_key),
  IF(@descending = 1, text_key, '') DESC,
  recent_units DESC,
  region,
  store_id,
  product
