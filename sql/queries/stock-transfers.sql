-- Transfers between stores, those sent last first: how many products and units were sent, arrived, were lost, and are in
-- transit. matching is the number of transfers of all rows.
-- @state STRING = open of all|open: open: only transfers of which something is in transit
-- @limit INT64 = 100: maximum number of rows
-- @offset INT64 = 0: number of rows to skip
-- reads: catalogue_names, visible_movements
WITH
by_product AS (
  SELECT
    region,
    reference,
    product,
    MAX(IF(kind = 'transfer-out', store_id, NULL)) AS from_store,
    MAX(IF(kind = 'transfer-out', other_store, NULL)) AS to_store,
    MIN(IF(kind = 'transfer-out', stock_date, NULL)) AS sent_on,
    SUM(IF(kind = 'transfer-out', quantity, 0)) AS sent,
    SUM(IF(kind = 'transfer-in', quantity, 0)) AS arrived,
    SUM(IF(kind = 'transfer-loss', quantity, 0)) AS lost
  FROM visible_movements
  WHERE kind IN ('transfer-out', 'transfer-in', 'transfer-loss')
  GROUP BY region, reference, product
),
summed AS (
  SELECT
    region,
    reference,
    MAX(from_store) AS from_store,
    MAX(to_store) AS to_store,
    MIN(sent_on) AS sent_on,
    COUNT(*) AS products,
    CAST(SUM(sent) AS NUMERIC) AS sent,
    CAST(SUM(arrived) AS NUMERIC) AS arrived,
    CAST(SUM(lost) AS NUMERIC) AS lost,
    CAST(SUM(GREATEST(sent - arrived - lost, 0)) AS NUMERIC) AS in_transit
  FROM by_product
  WHERE from_store IS NOT NULL
  GROUP BY region, reference
),
names AS (
  SELECT region, code, name FROM catalogue_names WHERE kind = 'store'
),
final AS (
  SELECT
    summed.*,
    COALESCE(senders.name, summed.from_store) AS from_name,
    COALESCE(receivers.name, summed.to_store) AS to_name,
    COUNT(*) OVER () AS matching
  FROM summed
  LEFT JOIN names AS senders ON senders.region = summed.region AND senders.code = summed.from_store
  LEFT JOIN names AS receivers ON receivers.region = summed.region AND receivers.code = summed.to_store
  WHERE @state = 'all' OR summed.in_transit > 0
)
SELECT * FROM final
ORDER BY sent_on DESC, reference
LIMIT @limit OFFSET @offset
