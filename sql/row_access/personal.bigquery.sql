-- Ends the SELECT of a report with seller and buyer: no rows for users who may not see personal columns.
-- {dataset}
WHERE LOWER(SESSION_USER()) IN (
  SELECT
    email
  FROM
    `{dataset}.user_scopes`
  WHERE bound = 'personal'
)
