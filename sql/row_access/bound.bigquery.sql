-- Condition of the rows in a scope, such as the regions of a user. Each condition queries user_scopes separately:
-- BigQuery supports only subqueries that it can convert to an equality join.
-- {dataset}; {bound}: region, store or salesperson; {column}: the column with its values; user_scopes contains the scope
-- of each user
(
    LOWER(SESSION_USER()) IN (
      SELECT
        email
      FROM
        `{dataset}.user_scopes`
      WHERE bound = '{bound}' AND value IS NULL
    )
    OR {column} IN (
      SELECT
        value
      FROM
        `{dataset}.user_scopes`
      WHERE bound = '{bound}' AND email = LOWER(SESSION_USER()) AND value IS NOT NULL
    )
  )
