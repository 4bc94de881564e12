-- The countries of the lines that count now, as their sources spell them.
SELECT DISTINCT country FROM current_lines WHERE country IS NOT NULL
