-- The usual price and quantity of each product of a region, from current lines that are not cancelled: median and
-- median absolute deviation (MAD) of magnitudes; of two middle values, the lower one. A product is identified by ID, or
-- by name if there is no ID. Quantities are compared across currencies, with an empty currency.
-- @region STRING: region of the contract
-- @minimum INT64: products with fewer lines are left out
-- @unit_price BOOL: TRUE to include prices
-- @derived BOOL: TRUE to take net amount ÷ quantity as the price of lines without a price
-- @quantity BOOL: TRUE to include quantities
WITH
sold AS (
  SELECT
    COALESCE(product_id, product_name) AS product,
    currency,
    quantity,
    COALESCE(
      unit_price,
      IF(@derived, CAST(SAFE_DIVIDE(CAST(net_amount AS NUMERIC), CAST(quantity AS NUMERIC)) AS NUMERIC), NULL)
    ) AS unit_price
  FROM current_lines
  WHERE region = @region AND status <> 'cancelled'
),
measured AS (
  SELECT product, 'unit_price' AS measure, currency, ABS(unit_price) AS magnitude
  FROM sold
  WHERE @unit_price AND product IS NOT NULL AND unit_price IS NOT NULL
  UNION ALL
  SELECT product, 'quantity' AS measure, '' AS currency, ABS(quantity) AS magnitude
  FROM sold
  WHERE @quantity AND product IS NOT NULL AND quantity IS NOT NULL
),
-- few distinct values represent many lines: only they are sorted
counted AS (
  SELECT product, measure, currency, magnitude, COUNT(*) AS line_count
  FROM measured
  GROUP BY product, measure, currency, magnitude
),
ordered AS (
  SELECT
    counted.*,
    CAST(SUM(line_count) OVER (PARTITION BY product, measure, currency ORDER BY magnitude) AS INT64) AS up_to,
    CAST(SUM(line_count) OVER (PARTITION BY product, measure, currency) AS INT64) AS all_lines
  FROM counted
),
medians AS (
  SELECT
    product,
    measure,
    currency,
    MAX(all_lines) AS all_lines,
    MIN(IF(up_to + up_to >= all_lines, magnitude, NULL)) AS median
  FROM ordered
  WHERE all_lines >= @minimum
  GROUP BY product, measure, currency
),
apart AS (
  SELECT
    counted.product,
    counted.measure,
    counted.currency,
    medians.all_lines,
    medians.median,
    ABS(counted.magnitude - medians.median) AS distance,
    CAST(SUM(counted.line_count) AS INT64) AS line_count
  FROM counted
  INNER JOIN medians
    ON medians.product = counted.product
    AND medians.measure = counted.measure
    AND medians.currency = counted.currency
  GROUP BY counted.product, counted.measure, counted.currency, medians.all_lines, medians.median, distance
),
apart_ordered AS (
  SELECT
    apart.*,
    CAST(SUM(line_count) OVER (PARTITION BY product, measure, currency ORDER BY distance) AS INT64) AS up_to
  FROM apart
),
final AS (
  SELECT
    product,
    measure,
    currency,
    all_lines AS line_count,
    median,
    MIN(IF(up_to + up_to >= all_lines, distance, NULL)) AS mad
  FROM apart_ordered
  GROUP BY product, measure, currency, all_lines, median
)
SELECT product, measure, currency, line_count, median, mad FROM final
