-- Row access to sale lines: users see those of their regions and stores or, with the scope of own sales, their own.
-- Each condition queries user_scopes separately: BigQuery supports only subqueries that it can convert to an equality
-- join.
-- {dataset}, {readers}: a list of members such as 'group:…' or 'domain:…'; user_scopes contains the scope of each user
CREATE OR REPLACE ROW ACCESS POLICY people
ON `{dataset}.stored_versions`
GRANT TO ({readers})
FILTER USING (
  (
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
  AND (
    LOWER(SESSION_USER()) IN (
      SELECT
        email
      FROM
        `{dataset}.user_scopes`
      WHERE bound = 'store' AND value IS NULL
    )
    OR store_id IN (
      SELECT
        value
      FROM
        `{dataset}.user_scopes`
      WHERE bound = 'store' AND email = LOWER(SESSION_USER()) AND value IS NOT NULL
    )
  )
  AND (
    LOWER(SESSION_USER()) IN (
      SELECT
        email
      FROM
        `{dataset}.user_scopes`
      WHERE bound = 'salesperson' AND value IS NULL
    )
    OR salesperson_id IN (
      SELECT
        value
      FROM
        `{dataset}.user_scopes`
      WHERE bound = 'salesperson' AND email = LOWER(SESSION_USER()) AND value IS NOT NULL
    )
  )
)
