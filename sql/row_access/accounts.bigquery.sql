-- Row access of the service accounts of the pipeline: all rows. Without this policy they see no row of a table that has
-- policies, and BigQuery rejects changes by accounts that see only a part of a table.
-- {dataset}, {table}, {accounts}: a list of members such as 'serviceAccount:…'
CREATE OR REPLACE ROW ACCESS POLICY accounts
ON `{dataset}.{table}`
GRANT TO ({accounts})
FILTER USING (TRUE)
