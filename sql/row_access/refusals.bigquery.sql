-- People who may see uploads see the refused rows of their regions, and those whose region could not be read: a report
-- counts them by their upload, which has a policy of its own.
-- {dataset}, {readers}: a list of members such as 'group:…' or 'domain:…'; what is theirs is in user_scopes
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
