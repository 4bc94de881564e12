-- All exchange rates as loaded.
SELECT rate_date, currency, per_euro FROM fx_rates
