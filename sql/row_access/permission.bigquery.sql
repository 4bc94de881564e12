-- Condition of all rows of a table: users have a permission, such as to see forecasts.
-- {dataset}; {bound}: the permission; user_scopes contains the permissions of each user
LOWER(SESSION_USER()) IN (
    SELECT
      email
    FROM
      `{dataset}.user_scopes`
    WHERE bound = '{bound}'
  )
