-- Where nobody is named as a reader, the policy of people goes: what is left shows every row to the accounts alone.
-- {dataset}, {table}
DROP ROW ACCESS POLICY IF EXISTS people
ON `{dataset}.{table}`
