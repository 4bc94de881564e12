-- The salespeople of dim_salesperson with their IDs and names. Personal: only for users who may see salespeople. The name
-- is the latest one of the catalogue.
-- - salesperson_key: Surrogate of the salesperson
-- - first_sale_date: Day of the first line that is not cancelled
-- - last_sale_date: Day of the last line that is not cancelled
-- - in_catalogue: TRUE if the catalogue has the salesperson
-- - name: Name of the salesperson; NULL if not in the catalogue
CREATE OR REPLACE VIEW dim_salesperson_people AS
WITH
secret AS (
  SELECT MAX(secret) AS secret FROM surrogate_secret
),
names AS (
  SELECT region, code, name FROM catalogue_names WHERE kind = 'salesperson'
),
sold AS (
  SELECT
    region,
    salesperson_id,
    MIN(IF(is_active, sale_date, NULL)) AS first_sale_date,
    MAX(IF(is_active, sale_date, NULL)) AS last_sale_date
  FROM line_facts
  GROUP BY region, salesperson_id
),
members AS (
  SELECT region, salesperson_id FROM sold
  UNION DISTINCT
  SELECT region, code AS salesperson_id FROM names
),
final AS (
  SELECT
    IF(
      members.salesperson_id IS NULL,
      CONCAT(members.region, '|'),
      TO_HEX(SHA256(CONCAT(secret.secret, '|salesperson|', members.region, '|', members.salesperson_id)))
    ) AS salesperson_key,
    members.region,
    members.salesperson_id,
    names.name,
    sold.first_sale_date,
    sold.last_sale_date,
    names.code IS NOT NULL AS in_catalogue
  FROM members
  CROSS JOIN secret
  LEFT JOIN sold
    ON sold.region = members.region AND sold.salesperson_id IS NOT DISTINCT FROM members.salesperson_id
  LEFT JOIN names ON names.region = members.region AND names.code = members.salesperson_id
)
SELECT * FROM final
