-- People see the sale lines of their regions and stores, and where they are bound to it of their own sales.
-- Each condition queries user_scopes by itself: BigQuery takes no subquery that it cannot turn into a join by equality.
-- {dataset}, {readers}: a list of members such as 'group:…' or 'domain:…'; what is theirs is in user_scopes
CREATE OR REPLACE ROW ACCESS POLICY people
ON `{dataset}.sale_versions`
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
