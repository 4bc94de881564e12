-- The lines and net amounts of fact_sales equal those of the ledger for each day, region and currency.
-- @days ARRAY<DATE>: the days to check
WITH
facts AS (
  SELECT
    sale_date,
    region,
    currency_key AS currency,
    COUNT(*) AS lines,
    SUM(net_amount) AS net_amount
  FROM fact_sales
  WHERE sale_date IN UNNEST(@days)
  GROUP BY sale_date, region, currency
),
ledger AS (
  SELECT
    sale_date,
    region,
    currency,
    COUNT(*) AS lines,
    SUM(net_amount) AS net_amount
  FROM sale_versions
  WHERE is_current AND sale_date IN UNNEST(@days)
  GROUP BY sale_date, region, currency
),
sides AS (
  SELECT
    sale_date,
    region,
    currency,
    lines,
    net_amount,
    0 AS ledger_lines,
    CAST(0 AS NUMERIC) AS ledger_net_amount
  FROM facts
  UNION ALL
  SELECT
    sale_date,
    region,
    currency,
    0 AS lines,
    CAST(0 AS NUMERIC) AS net_amount,
    lines AS ledger_lines,
    net_amount AS ledger_net_amount
  FROM ledger
),
final AS (
  SELECT
    sale_date,
    region,
    currency,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(ledger_lines) AS INT64) AS ledger_lines,
    CAST(SUM(net_amount) AS NUMERIC) AS net_amount,
    CAST(SUM(ledger_net_amount) AS NUMERIC) AS ledger_net_amount
  FROM sides
  GROUP BY sale_date, region, currency
)
SELECT * FROM final WHERE lines <> ledger_lines OR net_amount <> ledger_net_amount
