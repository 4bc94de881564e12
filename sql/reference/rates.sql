-- Every exchange rate as it was loaded.
SELECT rate_date, currency, per_euro FROM fx_rates
