-- line_facts whose amounts need the rate of their day (see reporting_rates). Each line is either here or in own_lines.
-- The comparison is plain, so that engines skip what has one currency; the app sets the reporting currency before it serves.
CREATE OR REPLACE VIEW foreign_lines AS
SELECT * FROM line_facts WHERE currency <> (SELECT MAX(currency) FROM reporting)
