-- People who may see uploads see those of their regions; users bound to stores or to own sales see none, as a file
-- also contains other stores.
-- {dataset}, {readers}: a list of members such as 'group:…' or 'domain:…'; what is theirs is in user_scopes
CREATE OR REPLACE ROW ACCESS POLICY people
ON `{dataset}.batches`
GRANT TO ({readers})
FILTER USING (
  LOWER(SESSION_USER()) IN (
    SELECT
      email
    FROM
      `{dataset}.user_scopes`
    WHERE bound = 'uploads'
  )
  AND (
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
