-- How current the figures are, by region, store, source and currency: one row each. kind is the type of the row; name
-- is the region, store, contract or currency. Regions and stores have their number of lines and the first and last day
-- with a sale. Sources (contracts, or tills and forms) have the number of settled batches and rows and the time of the
-- last settlement. Currencies have the last day with a rate and the number of lines without a rate.
-- reads: fx_rates, reporting, settlements, visible_batches, visible_sums
-- amounts: converted
WITH
stores AS (
  SELECT
    region,
    store_id,
    CAST(SUM(lines) AS INT64) AS lines,
    MIN(sale_date) AS first_day,
    MAX(sale_date) AS last_day
  FROM visible_sums
  GROUP BY region, store_id
),
sources AS (
  SELECT
    visible_batches.region,
    COALESCE(NULLIF(visible_batches.contract, ''), visible_batches.source) AS name,
    visible_batches.source,
    COUNTIF(visible_batches.batch_no = visible_batches.root_no) AS batches,
    CAST(SUM(visible_batches.rows_read) AS INT64) AS lines,
    MAX(settlements.settled_at) AS last_settled_at
  FROM visible_batches
  INNER JOIN settlements ON settlements.settlement_no = visible_batches.settlement_no
  WHERE visible_batches.undone_no IS NULL
  GROUP BY visible_batches.region, COALESCE(NULLIF(visible_batches.contract, ''), visible_batches.source),
    visible_batches.source
),
delivered AS (
  SELECT
    region,
    CAST(SUM(batches) AS INT64) AS batches,
    MAX(last_settled_at) AS last_settled_at
  FROM sources
  GROUP BY region
),
rates AS (
  SELECT
    currency,
    MIN(rate_date) AS first_day,
    MAX(rate_date) AS last_day
  FROM fx_rates
  GROUP BY currency
),
currencies AS (
  SELECT
    currency,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines
  FROM visible_sums
  WHERE currency <> (SELECT MAX(currency) FROM reporting)
  GROUP BY currency
),
regions AS (
  SELECT
    region,
    CAST(SUM(lines) AS INT64) AS lines,
    MIN(first_day) AS first_day,
    MAX(last_day) AS last_day
  FROM stores
  GROUP BY region
),
final AS (
  SELECT
    'region' AS kind,
    regions.region,
    regions.region AS name,
    CAST(NULL AS STRING) AS source,
    regions.lines,
    delivered.batches,
    regions.first_day,
    regions.last_day,
    delivered.last_settled_at,
    CAST(NULL AS INT64) AS unconverted_lines
  FROM regions
  LEFT JOIN delivered ON delivered.region = regions.region
  UNION ALL
  SELECT
    'store' AS kind,
    region,
    store_id AS name,
    CAST(NULL AS STRING) AS source,
    lines,
    CAST(NULL AS INT64) AS batches,
    first_day,
    last_day,
    CAST(NULL AS TIMESTAMP) AS last_settled_at,
    CAST(NULL AS INT64) AS unconverted_lines
  FROM stores
  WHERE store_id IS NOT NULL
  UNION ALL
  SELECT
    'source' AS kind,
    region,
    name,
    source,
    lines,
    batches,
    CAST(NULL AS DATE) AS first_day,
    CAST(NULL AS DATE) AS last_day,
    last_settled_at,
    CAST(NULL AS INT64) AS unconverted_lines
  FROM sources
  UNION ALL
  SELECT
    'rate' AS kind,
    CAST(NULL AS STRING) AS region,
    currencies.currency AS name,
    CAST(NULL AS STRING) AS source,
    currencies.lines,
    CAST(NULL AS INT64) AS batches,
    rates.first_day,
    rates.last_day,
    CAST(NULL AS TIMESTAMP) AS last_settled_at,
    currencies.unconverted_lines
  FROM currencies
  LEFT JOIN rates ON rates.currency = currencies.currency
)
SELECT * FROM final
ORDER BY kind, region, name, source
