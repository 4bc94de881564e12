-- Growth of each headline figure against the previous period and against the same days of the previous year; one row
-- per figure. Only reported days are compared, as in kpis. Growth is a fraction; NULL if the other period has no value.
-- There is no row if there is nothing to compare: without from and to, or if both other periods begin before the first
-- reported day.
-- measures of figures: now(revenue), now(orders), now(average_order_value), now(units), now(customers)
-- measures of figures: before(revenue), before(orders), before(average_order_value), before(units), before(customers)
-- measures of figures: year_before(revenue), year_before(orders), year_before(average_order_value)
-- measures of figures: year_before(units), year_before(customers)
-- reads: compared_periods, figures
WITH
compared AS (
  SELECT
    COUNTIF(series = 'before') > 0 AS has_before,
    COUNTIF(series = 'year-before') > 0 AS has_year_before
  FROM compared_periods
),
rows_of_figures AS (
  SELECT 1 AS place, 'revenue' AS figure, now_revenue AS value, before_revenue AS before, year_before_revenue AS year_before
  FROM figures
  UNION ALL
  SELECT 2 AS place, 'orders' AS figure, now_orders AS value, before_orders AS before, year_before_orders AS year_before
  FROM figures
  UNION ALL
  SELECT
    3 AS place,
    'average_order_value' AS figure,
    now_average_order_value AS value,
    before_average_order_value AS before,
    year_before_average_order_value AS year_before
  FROM figures
  UNION ALL
  SELECT 4 AS place, 'units' AS figure, now_units AS value, before_units AS before, year_before_units AS year_before
  FROM figures
  UNION ALL
  SELECT
    5 AS place,
    'customers' AS figure,
    now_customers AS value,
    before_customers AS before,
    year_before_customers AS year_before
  FROM figures
),
amounts AS (
  SELECT
    rows_of_figures.place,
    rows_of_figures.figure,
    CAST(rows_of_figures.value AS NUMERIC) AS value,
    CAST(IF(compared.has_before, rows_of_figures.before, NULL) AS NUMERIC) AS before,
    CAST(IF(compared.has_year_before, rows_of_figures.year_before, NULL) AS NUMERIC) AS year_before
  FROM rows_of_figures
  CROSS JOIN compared
  WHERE compared.has_before OR compared.has_year_before
),
final AS (
  SELECT
    place,
    figure,
    value,
    before,
    year_before,
    SAFE_DIVIDE(CAST(value - before AS NUMERIC), CAST(IF(before > 0, before, NULL) AS NUMERIC)) AS growth,
    SAFE_DIVIDE(
      CAST(value - year_before AS NUMERIC),
      CAST(IF(year_before > 0, year_before, NULL) AS NUMERIC)
    ) AS year_growth
  FROM amounts
)
SELECT * FROM final
ORDER BY place
