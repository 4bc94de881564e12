-- line_facts whose amounts are in the reporting currency: their rate is 1.
CREATE OR REPLACE VIEW own_lines AS
SELECT * FROM line_facts WHERE currency = (SELECT MAX(currency) FROM reporting)
