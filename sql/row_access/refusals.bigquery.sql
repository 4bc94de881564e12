-- Row access to rejected rows: users with the permission see those of their regions, and those whose region could not
-- be read; reports count these by upload, and the policy of batches applies.
-- {dataset}, {readers}: a list of members such as 'group:…' or 'domain:…'; user_scopes contains the scope of each user
CREATE OR REPLACE ROW ACCESS POLICY people
ON `{dataset}.refusals`
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
    region IS NULL
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
