-- Trains one ARIMA_PLUS model for all nodes of a region, or of the levels over all regions, on tillstream_ml.history,
-- and keeps its forecasts of 91 days with their 10% and 90% quantiles in tillstream_ml.outlook.
-- @region STRING: region, or * for the levels over all regions
-- @holiday_regions ARRAY<STRING>: holiday regions of BigQuery ML, such as GB, the holidays of which count for all nodes
-- @last_day DATE: last day of the sales to train on; NULL: all of them
DECLARE model STRING DEFAULT CONCAT(
  'tillstream_ml.arima_plus_',
  IF(@region = '*', 'all_regions', REGEXP_REPLACE(@region, r'\W', '_'))
);
DECLARE last_day DATE DEFAULT COALESCE(@last_day, (SELECT MAX(sale_date) FROM tillstream_ml.history));

CREATE TABLE IF NOT EXISTS tillstream_ml.outlook (
  target STRING,
  level STRING,
  region STRING,
  store_id STRING,
  category STRING,
  cutoff_date DATE,
  forecast_timestamp TIMESTAMP,
  forecast_value FLOAT64,
  prediction_interval_lower_bound FLOAT64,
  prediction_interval_upper_bound FLOAT64
);

EXECUTE IMMEDIATE FORMAT("""
CREATE OR REPLACE MODEL %s
OPTIONS (
  MODEL_TYPE = 'ARIMA_PLUS',
  TIME_SERIES_TIMESTAMP_COL = 'sale_date',
  TIME_SERIES_DATA_COL = 'value',
  TIME_SERIES_ID_COL = ['target', 'level', 'region', 'store_id', 'category'],
  DATA_FREQUENCY = 'DAILY',
  HOLIDAY_REGION = %T,
  HORIZON = 91
) AS
SELECT
  target,
  level,
  region,
  store_id,
  category,
  sale_date,
  value
FROM tillstream_ml.history
WHERE region = %T AND sale_date <= %T
""", model, @holiday_regions, @region, last_day);

DELETE FROM tillstream_ml.outlook WHERE region = @region;

EXECUTE IMMEDIATE FORMAT("""
INSERT INTO tillstream_ml.outlook
SELECT
  target,
  level,
  region,
  store_id,
  category,
  %T AS cutoff_date,
  forecast_timestamp,
  forecast_value,
  prediction_interval_lower_bound,
  prediction_interval_upper_bound
FROM ML.FORECAST(MODEL %s, STRUCT(91 AS horizon, 0.8 AS confidence_level))
""", last_day, model);
