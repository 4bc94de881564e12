-- Stock by store and product: in stock, low, out, negative (more was sold than there was), or not counted. Stock is the
-- last count plus movements and minus units sold after it; returns add back. in_transit is sent by other stores and has not
-- arrived. recent_units were sold in the last 56 days. unit_cost is in cost_currency, stock_cost in the reporting
-- currency. matching is the number of rows of all pages. Rows are filtered by region, store, category and product.
-- @text STRING = : only products whose ID, name or supplier contains it, or with this code or barcode, ignoring case
-- @status STRING = all of all|in-stock|low|out|negative|not-counted|attention: status; attention: low, out and negative
-- @sort STRING = status of status|product|store|on-hand|cover|recent|value: order
-- @descending INT64 = 0: 1 for the opposite order
-- @limit INT64 = 100: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
WITH
chosen AS (
  SELECT
    searched_stock_levels.*,
    CASE
      WHEN status = 'negative' THEN 1
      WHEN status = 'out' THEN 2
      WHEN status = 'low' THEN 3
      WHEN status = 'in-stock' THEN 4
      ELSE 5
    END AS urgency
  FROM searched_stock_levels
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
      WHEN 'status' THEN urgency
      WHEN 'on-hand' THEN on_hand
      WHEN 'cover' THEN days_of_cover
      WHEN 'recent' THEN -recent_units
      WHEN 'value' THEN -stock_cost
    END AS number_key
  FROM chosen
),
final AS (
  SELECT keyed.* EXCEPT (urgency), COUNT(*) OVER () AS matching
  FROM keyed
)
SELECT
  * EXCEPT (text_key, number_key)
FROM final
ORDER BY
  number_key IS NULL,
  IF(@descending = 1, -number_key, number_key),
  IF(@descending = 1, '', text_key),
  IF(@descending = 1, text_key, '') DESC,
  recent_units DESC,
  product_name,
  region,
  store_id,
  product
LIMIT @limit OFFSET @offset
