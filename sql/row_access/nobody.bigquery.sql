-- Drops the policy of users if there are no readers; the other policy then shows all rows only to the service accounts.
-- {dataset}, {table}
DROP ROW ACCESS POLICY IF EXISTS people
ON `{dataset}.{table}`
