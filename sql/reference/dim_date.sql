-- One row per day from 2000 to 2039 with its calendar attributes; join it with sale_date = sale_date. Weekdays are 1
-- (Monday) to 7 (Sunday). Weeks are those of ISO 8601, so the first days of January may belong to the last week of the
-- previous iso_year. Holidays differ by country: they are in the table holidays.
-- - year: Calendar year
-- - quarter: Quarter of the year, 1 to 4
-- - month: Month of the year, 1 to 12
-- - day_of_month: Day of the month, from 1
-- - day_of_year: Day of the year, from 1
-- - weekday: 1 (Monday) to 7 (Sunday)
-- - weekday_name: Name of the weekday
-- - iso_year: Year that the week belongs to
-- - iso_week: Week of that year, from 1
-- - week_start: Monday of the week
-- - month_start: First day of the month
-- - quarter_start: First day of the quarter
CREATE OR REPLACE VIEW dim_date AS
WITH
days AS (
  SELECT sale_date FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2000-01-01', DATE '2039-12-31')) AS sale_date
),
weeks AS (
  SELECT
    sale_date,
    DATE_TRUNC(sale_date, ISOWEEK) AS week_start,
    -- a week belongs to the year of its Thursday
    EXTRACT(YEAR FROM DATE_ADD(DATE_TRUNC(sale_date, ISOWEEK), INTERVAL 3 DAY)) AS iso_year
  FROM days
),
counted AS (
  SELECT
    weeks.*,
    DATE_DIFF(sale_date, week_start, DAY) + 1 AS weekday,
    -- the fourth of January is always in the first week
    DATE_DIFF(week_start, DATE_TRUNC(DATE(iso_year, 1, 4), ISOWEEK), DAY) AS days_since_first_week
  FROM weeks
),
final AS (
  SELECT
    sale_date,
    EXTRACT(YEAR FROM sale_date) AS year,
    EXTRACT(QUARTER FROM sale_date) AS quarter,
    EXTRACT(MONTH FROM sale_date) AS month,
    EXTRACT(DAY FROM sale_date) AS day_of_month,
    EXTRACT(DAYOFYEAR FROM sale_date) AS day_of_year,
    weekday,
    CASE weekday
      WHEN 1 THEN 'Monday'
      WHEN 2 THEN 'Tuesday'
      WHEN 3 THEN 'Wednesday'
      WHEN 4 THEN 'Thursday'
      WHEN 5 THEN 'Friday'
      WHEN 6 THEN 'Saturday'
      ELSE 'Sunday'
    END AS weekday_name,
    iso_year,
    CAST(SAFE_DIVIDE(CAST(days_since_first_week AS NUMERIC), CAST(7 AS NUMERIC)) AS INT64) + 1 AS iso_week,
    week_start,
    DATE_TRUNC(sale_date, MONTH) AS month_start,
    DATE_TRUNC(sale_date, QUARTER) AS quarter_start
  FROM counted
)
SELECT * FROM final
