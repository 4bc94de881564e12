-- Columns of a report with sale lines: the unit cost is NULL for users who may not see costs.
-- {dataset}
* REPLACE (
  IF(
    LOWER(SESSION_USER()) IN (
      SELECT
        email
      FROM
        `{dataset}.user_scopes`
      WHERE bound = 'costs'
    ),
    unit_cost,
    NULL
  ) AS unit_cost
)
