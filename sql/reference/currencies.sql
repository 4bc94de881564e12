-- The currencies in which amounts can be shown: those with a rate, and the reporting currency.
SELECT currency FROM fx_rates
UNION DISTINCT
SELECT 'EUR' AS currency FROM fx_rates
UNION DISTINCT
SELECT currency FROM reporting
