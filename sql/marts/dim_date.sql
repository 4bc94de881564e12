-- One row per day from 2000 to 2039, and for each other day with sales, with its calendar attributes; join it with
-- sale_date = sale_date. Weekdays are 1 (Monday) to 7 (Sunday). Weeks are those of ISO 8601, so the first days of January
-- may belong to the last week of the previous iso_year. Holidays differ by country: they are in the table holidays.
-- The fiscal year begins with the setting TILLSTREAM_FISCAL_MONTH. A retail year has 52 or 53 whole weeks; the setting
-- TILLSTREAM_RETAIL_CALENDAR has the weeks of the three months of a quarter (4-4-5, 4-5-4 or 5-4-4), the first day of a
-- week, and the week with which the year begins: the one nearest to the first day of the fiscal year, or the last one
-- that begins on or before it. The calendar of the National Retail Federation has the fiscal month 2 and the retail
-- calendar `4-5-4 sunday nearest`. Week 53 belongs to the last month.
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
-- - fiscal_year: Calendar year in which the fiscal year ends
-- - fiscal_quarter: Quarter of the fiscal year, 1 to 4
-- - fiscal_month: Month of the fiscal year, 1 to 12
-- - retail_year: Calendar year of most days of the retail year
-- - retail_quarter: Quarter of the retail year, 1 to 4
-- - retail_month: Retail month of the retail year, 1 to 12
-- - retail_week: Week of the retail year, 1 to 53
-- - retail_year_start: First day of the retail year
-- - retail_week_start: First day of the retail week
CREATE OR REPLACE VIEW dim_date AS
WITH
settings AS (
  SELECT
    COALESCE(MAX(fiscal_month), 1) AS first_month,
    COALESCE(MAX(pattern), '4-4-5') AS pattern,
    COALESCE(MAX(days_after_monday), 0) AS days_after_monday,
    COALESCE(MAX(days_ahead), 3) - COALESCE(MAX(days_after_monday), 0) AS shift
  FROM calendar
),
days AS (
  SELECT sale_date FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2000-01-01', DATE '2039-12-31')) AS sale_date
  UNION ALL
  -- not of the years 1 and 9999: the calendar needs the year before and after
  SELECT DISTINCT sale_date
  FROM settlement_days
  WHERE sale_date BETWEEN DATE '0002-01-01' AND DATE '1999-12-31'
    OR sale_date BETWEEN DATE '2040-01-01' AND DATE '9998-12-31'
),
weeks AS (
  SELECT
    days.sale_date,
    DATE_TRUNC(days.sale_date, ISOWEEK) AS week_start,
    -- a week belongs to the year of its Thursday
    EXTRACT(YEAR FROM DATE_ADD(DATE_TRUNC(days.sale_date, ISOWEEK), INTERVAL 3 DAY)) AS iso_year,
    EXTRACT(YEAR FROM days.sale_date) AS year,
    EXTRACT(MONTH FROM days.sale_date) AS month,
    settings.first_month,
    settings.pattern,
    settings.days_after_monday,
    settings.shift
  FROM days
  CROSS JOIN settings
),
fiscal AS (
  SELECT
    weeks.*,
    IF(month >= first_month, month - first_month + 1, month - first_month + 13) AS fiscal_month,
    IF(first_month > 1 AND month >= first_month, year + 1, year) AS fiscal_year,
    -- the week of a day begins with the last first day of a week up to the day
    DATE_ADD(
      DATE_TRUNC(DATE_SUB(sale_date, INTERVAL days_after_monday DAY), ISOWEEK), INTERVAL days_after_monday DAY
    ) AS retail_week_start,
    DATE_ADD(DATE(year - 1, first_month, 1), INTERVAL shift DAY) AS day_of_last_start,
    DATE_ADD(DATE(year, first_month, 1), INTERVAL shift DAY) AS day_of_start,
    DATE_ADD(DATE(year + 1, first_month, 1), INTERVAL shift DAY) AS day_of_next_start
  FROM weeks
),
starts AS (
  SELECT
    fiscal.*,
    DATE_ADD(DATE_TRUNC(day_of_last_start, ISOWEEK), INTERVAL days_after_monday DAY) AS last_start,
    DATE_ADD(DATE_TRUNC(day_of_start, ISOWEEK), INTERVAL days_after_monday DAY) AS this_start,
    DATE_ADD(DATE_TRUNC(day_of_next_start, ISOWEEK), INTERVAL days_after_monday DAY) AS next_start
  FROM fiscal
),
retail_years AS (
  SELECT
    starts.*,
    CASE WHEN next_start <= sale_date THEN next_start WHEN this_start <= sale_date THEN this_start ELSE last_start END
      AS retail_year_start
  FROM starts
),
counted AS (
  SELECT
    retail_years.*,
    DATE_DIFF(sale_date, week_start, DAY) + 1 AS weekday,
    -- the fourth of January is always in the first week
    DATE_DIFF(week_start, DATE_TRUNC(DATE(iso_year, 1, 4), ISOWEEK), DAY) AS days_since_first_week,
    DATE_DIFF(retail_week_start, retail_year_start, DAY) AS days_of_retail_year
  FROM retail_years
),
numbered AS (
  SELECT
    counted.*,
    CAST(SAFE_DIVIDE(CAST(days_since_first_week AS NUMERIC), CAST(7 AS NUMERIC)) AS INT64) + 1 AS iso_week,
    CAST(SAFE_DIVIDE(CAST(days_of_retail_year AS NUMERIC), CAST(7 AS NUMERIC)) AS INT64) + 1 AS retail_week
  FROM counted
),
quarters AS (
  SELECT
    numbered.*,
    CASE WHEN retail_week <= 13 THEN 1 WHEN retail_week <= 26 THEN 2 WHEN retail_week <= 39 THEN 3 ELSE 4 END
      AS retail_quarter
  FROM numbered
),
quarter_weeks AS (
  SELECT
    quarters.*,
    CASE retail_quarter WHEN 1 THEN retail_week WHEN 2 THEN retail_week - 13 WHEN 3 THEN retail_week - 26 ELSE retail_week - 39 END
      AS week_of_quarter,
    IF(pattern = '5-4-4', 5, 4) AS first_month_weeks,
    IF(pattern = '4-4-5', 8, 9) AS two_month_weeks
  FROM quarters
),
final AS (
  SELECT
    sale_date,
    year,
    EXTRACT(QUARTER FROM sale_date) AS quarter,
    month,
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
    iso_week,
    week_start,
    DATE_TRUNC(sale_date, MONTH) AS month_start,
    DATE_TRUNC(sale_date, QUARTER) AS quarter_start,
    fiscal_year,
    CASE WHEN fiscal_month <= 3 THEN 1 WHEN fiscal_month <= 6 THEN 2 WHEN fiscal_month <= 9 THEN 3 ELSE 4 END
      AS fiscal_quarter,
    fiscal_month,
    EXTRACT(YEAR FROM DATE_ADD(retail_year_start, INTERVAL 182 DAY)) AS retail_year,
    retail_quarter,
    CASE retail_quarter WHEN 1 THEN 0 WHEN 2 THEN 3 WHEN 3 THEN 6 ELSE 9 END
    + CASE WHEN week_of_quarter <= first_month_weeks THEN 1 WHEN week_of_quarter <= two_month_weeks THEN 2 ELSE 3 END
      AS retail_month,
    retail_week,
    retail_year_start,
    retail_week_start
  FROM quarter_weeks
)
SELECT * FROM final
