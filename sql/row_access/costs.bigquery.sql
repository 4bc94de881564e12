-- A column of costs in a report: NULL for users who may not see costs.
-- {dataset}, {column}
IF(
    LOWER(SESSION_USER()) IN (
      SELECT
        email
      FROM
        `{dataset}.user_scopes`
      WHERE bound = 'costs'
    ),
    {column},
    NULL
  ) AS {column}
