-- Condition at the end of a report with salespeople and customers: no rows for users who may not see personal columns.
-- {dataset}
WHERE LOWER(SESSION_USER()) IN (
  SELECT
    email
  FROM
    `{dataset}.user_scopes`
  WHERE bound = 'personal'
)
