-- Salespeople, by a surrogate: a hash with a secret of this warehouse, which does not reveal the person. Names and
-- IDs are in dim_salesperson_people. Sales of a region without a salesperson have a row of the region.
-- - salesperson_key: Surrogate of the salesperson
-- - first_sale_date: Day of the first line that is not cancelled
-- - last_sale_date: Day of the last line that is not cancelled
-- - in_catalogue: TRUE if the catalogue has the salesperson
CREATE OR REPLACE VIEW dim_salesperson AS
WITH
final AS (
  SELECT
    salesperson_key,
    region,
    first_sale_date,
    last_sale_date,
    in_catalogue
  FROM dim_salesperson_people
)
SELECT * FROM final
