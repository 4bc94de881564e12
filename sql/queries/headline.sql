-- More figures of the chosen sales, as one row: margin, and the value of returned, cancelled and pending lines. Cost is
-- quantity × unit cost of the lines that have both and are not cancelled. The unit cost is that of the source, else that
-- of the catalogue for the day, converted from its own currency. margin is the net amount of these lines minus their
-- cost; cost_coverage is their share of revenue. All three are NULL if no line has a cost. catalogue_revenue is the part
-- of covered_revenue whose cost is that of the catalogue, catalogue_coverage its share of revenue. returned_value is
-- negative; cancelled_value and pending_value are the net amounts of the lines with that status. No amount includes
-- lines without a rate. unconverted_lines is their number without cancelled lines, cancelled_unconverted_lines that of
-- the cancelled ones.
-- reads: reporting, visible_sums
-- amounts: converted
WITH
by_status AS (
  SELECT
    status,
    CAST(COALESCE(SUM(reporting_amount), 0) AS NUMERIC) AS value,
    CAST(SUM(lines) AS INT64) AS lines,
    CAST(SUM(IF(reporting_amount IS NULL, lines, 0)) AS INT64) AS unconverted_lines
  FROM visible_sums
  GROUP BY status
),
active AS (
  SELECT
    CAST(COALESCE(SUM(revenue), 0) AS NUMERIC) AS revenue,
    CAST(COALESCE(SUM(active_lines), 0) AS INT64) AS lines
  FROM visible_sums
),
known_cost AS (
  SELECT
    CAST(SUM(costed_revenue) AS NUMERIC) AS covered_revenue,
    CAST(SUM(reporting_cost) AS NUMERIC) AS cost,
    CAST(SUM(catalogue_revenue) AS NUMERIC) AS catalogue_revenue,
    CAST(COALESCE(SUM(costed_lines), 0) AS INT64) AS lines
  FROM visible_sums
),
reporting_currency AS (
  SELECT MAX(currency) AS currency FROM reporting
),
statuses AS (
  SELECT
    COALESCE(MAX(IF(status = 'returned', lines, NULL)), 0) AS returned_lines,
    COALESCE(MAX(IF(status = 'returned', value, NULL)), 0) AS returned_value,
    COALESCE(MAX(IF(status = 'cancelled', lines, NULL)), 0) AS cancelled_lines,
    COALESCE(MAX(IF(status = 'cancelled', value, NULL)), 0) AS cancelled_value,
    COALESCE(MAX(IF(status = 'pending', lines, NULL)), 0) AS pending_lines,
    COALESCE(MAX(IF(status = 'pending', value, NULL)), 0) AS pending_value,
    CAST(COALESCE(SUM(IF(status <> 'cancelled', unconverted_lines, 0)), 0) AS INT64) AS unconverted_lines,
    COALESCE(MAX(IF(status = 'cancelled', unconverted_lines, NULL)), 0) AS cancelled_unconverted_lines
  FROM by_status
),
final AS (
  SELECT
    known_cost.cost,
    CAST(known_cost.covered_revenue - known_cost.cost AS NUMERIC) AS margin,
    SAFE_DIVIDE(
      CAST(known_cost.covered_revenue - known_cost.cost AS NUMERIC),
      CAST(known_cost.covered_revenue AS NUMERIC)
    ) AS margin_rate,
    known_cost.covered_revenue,
    SAFE_DIVIDE(CAST(known_cost.covered_revenue AS NUMERIC), CAST(active.revenue AS NUMERIC)) AS cost_coverage,
    known_cost.catalogue_revenue,
    SAFE_DIVIDE(CAST(known_cost.catalogue_revenue AS NUMERIC), CAST(active.revenue AS NUMERIC)) AS catalogue_coverage,
    known_cost.lines AS costed_lines,
    active.lines AS active_lines,
    active.revenue,
    statuses.returned_lines,
    statuses.returned_value,
    statuses.cancelled_lines,
    statuses.cancelled_value,
    statuses.pending_lines,
    statuses.pending_value,
    statuses.unconverted_lines,
    statuses.cancelled_unconverted_lines,
    reporting_currency.currency
  FROM active
  CROSS JOIN known_cost
  CROSS JOIN statuses
  CROSS JOIN reporting_currency
)
SELECT * FROM final
