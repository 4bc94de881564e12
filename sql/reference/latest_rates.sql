-- The last exchange rate of each currency into the reporting currency.
-- - factor: Units of the reporting currency for one unit of the currency
CREATE OR REPLACE VIEW latest_rates AS
WITH
final AS (
  SELECT currency, factor
  FROM reporting_rates
  WHERE TRUE  -- BigQuery requires a WHERE with QUALIFY
  QUALIFY ROW_NUMBER() OVER (PARTITION BY currency ORDER BY sale_date DESC) = 1
)
SELECT * FROM final
