-- The countries of the current lines, spelled as in their sources.
SELECT DISTINCT country FROM current_lines WHERE country IS NOT NULL
