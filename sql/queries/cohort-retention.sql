-- How many customers come back: one row per cohort and period since its first one. A cohort is the customers whose first
-- purchase, in all sales that the user can see, is in the period, and who are in the chosen sales of that period.
-- customers is the number of them with a line, not cancelled, in the chosen sales of the period that is periods_since
-- periods later; retention is their share of the cohort. Periods without any of them have no row. A customer is
-- identified by ID, or by name if there is no ID.
-- @period STRING = monthly of monthly|quarterly: length of a period
-- reads: until_customers, visible_customers
WITH
purchases AS (
  SELECT COALESCE(customer_id, customer_name) AS customer, sale_date FROM until_customers WHERE active_lines > 0
),
first_days AS (
  SELECT customer, MIN(sale_date) AS first_day FROM purchases GROUP BY customer
),
firsts AS (
  SELECT
    customer,
    IF(@period = 'monthly', DATE_TRUNC(first_day, MONTH), DATE_TRUNC(first_day, QUARTER)) AS cohort
  FROM first_days
),
bought AS (
  SELECT
    COALESCE(customer_id, customer_name) AS customer,
    IF(@period = 'monthly', DATE_TRUNC(sale_date, MONTH), DATE_TRUNC(sale_date, QUARTER)) AS period_start
  FROM visible_customers
  WHERE active_lines > 0
),
periods AS (
  SELECT DISTINCT customer, period_start FROM bought
),
members AS (
  SELECT
    periods.customer,
    firsts.cohort,
    periods.period_start,
    MIN(periods.period_start) OVER (PARTITION BY periods.customer) AS first_start
  FROM periods
  INNER JOIN firsts ON firsts.customer = periods.customer
),
placed AS (
  SELECT
    cohort,
    IF(
      @period = 'monthly', DATE_DIFF(period_start, cohort, MONTH), DATE_DIFF(period_start, cohort, QUARTER)
    ) AS periods_since
  FROM members
  WHERE first_start = cohort
),
counted AS (
  SELECT cohort, periods_since, COUNT(*) AS customers FROM placed GROUP BY cohort, periods_since
),
sizes AS (
  SELECT counted.*, MAX(customers) OVER (PARTITION BY cohort) AS cohort_size FROM counted
),
final AS (
  SELECT
    cohort,
    periods_since,
    customers,
    cohort_size,
    CAST(SAFE_DIVIDE(CAST(customers AS NUMERIC), CAST(cohort_size AS NUMERIC)) AS NUMERIC) AS retention
  FROM sizes
)
SELECT * FROM final
ORDER BY cohort, periods_since
