-- Without readers, the policy of people is dropped: the one that is left shows every row to the accounts alone.
-- {dataset}, {table}
DROP ROW ACCESS POLICY IF EXISTS people
ON `{dataset}.{table}`
