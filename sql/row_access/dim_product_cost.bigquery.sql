-- Row access to costs of the catalogue: users who may see costs see those of every region and of their regions.
-- {dataset}, {readers}: a list of members such as 'group:…' or 'domain:…'; user_scopes contains the scope of each user
CREATE OR REPLACE ROW ACCESS POLICY people
ON `{dataset}.dim_product_cost`
GRANT TO ({readers})
FILTER USING (
  LOWER(SESSION_USER()) IN (
    SELECT
      email
    FROM
      `{dataset}.user_scopes`
    WHERE bound = 'costs'
  )
  AND (
    region = '*'
    OR (
      LOWER(SESSION_USER()) IN (
        SELECT
          email
        FROM
          `{dataset}.user_scopes`
        WHERE bound = 'region' AND value IS NULL
      )
      OR region IN (
        SELECT
          value
        FROM
          `{dataset}.user_scopes`
        WHERE bound = 'region' AND email = LOWER(SESSION_USER()) AND value IS NOT NULL
      )
    )
  )
)
