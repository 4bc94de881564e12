-- Ends the SELECT of a report that tells who sold or bought: no rows for whoever may not see that.
-- {dataset}
WHERE LOWER(SESSION_USER()) IN (
  SELECT
    email
  FROM
    `{dataset}.user_scopes`
  WHERE bound = 'personal'
)
