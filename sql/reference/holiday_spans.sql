-- For which countries holidays are known, and until which year.
SELECT country, MAX(EXTRACT(YEAR FROM holiday_date)) AS last_year FROM holidays GROUP BY country
