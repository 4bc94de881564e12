-- Row access to batches: users with the permission see those of their regions. Users with the scope of a store or of
-- own sales see none, because a file also contains other stores.
-- {dataset}, {readers}: a list of members such as 'group:…' or 'domain:…'; user_scopes contains the scope of each user
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
