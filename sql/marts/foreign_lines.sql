-- line_facts whose amounts need the rate of their day (see reporting_rates). Nothing is in both, or in neither, this and own_lines.
CREATE OR REPLACE VIEW foreign_lines AS
SELECT * FROM line_facts WHERE currency <> (SELECT COALESCE(MAX(currency), '') FROM reporting)
