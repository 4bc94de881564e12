-- The secret of the surrogates of people: one row, or none in a new warehouse.
SELECT secret FROM surrogate_secret
