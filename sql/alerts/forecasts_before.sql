-- The range of revenue that was last forecast before each day from @first to @last, by region and by store.
-- @first DATE: first day
-- @last DATE: last day
WITH
final AS (
  SELECT
    level,
    region,
    store_id,
    currency,
    first_day,
    low,
    high
  FROM forecasts
  WHERE
    target = 'revenue'
    AND level IN ('region', 'store')
    AND first_day = last_day
    AND first_day >= @first
    AND first_day <= @last
    AND cutoff_date < first_day
    AND low IS NOT NULL
    AND high IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY level, region, store_id, currency, first_day
    ORDER BY cutoff_date DESC
  ) = 1
)
SELECT * FROM final
ORDER BY level, region, store_id, first_day
