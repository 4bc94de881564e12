-- The regions that the forecasts over several regions of each run include: those with a forecast. Of revenue, a region
-- without an exchange rate has none.
CREATE OR REPLACE VIEW forecast_regions AS
WITH
totals AS (
  SELECT MAX(currency) AS currency FROM forecasts WHERE level = 'total'
),
final AS (
  SELECT
    forecasts.target,
    forecasts.cutoff_date,
    forecasts.region
  FROM forecasts
  CROSS JOIN totals
  LEFT JOIN latest_rates ON latest_rates.currency = forecasts.currency
  WHERE
    forecasts.level = 'region'
    AND (forecasts.target = 'units' OR latest_rates.currency IS NOT NULL OR forecasts.currency = totals.currency)
  GROUP BY forecasts.target, forecasts.cutoff_date, forecasts.region
)
SELECT * FROM final
