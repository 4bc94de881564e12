-- The pipeline's service accounts read and write every row of a table that has policies: without this one they would
-- see none, and BigQuery rejects changes by accounts that see only a part of a table.
-- {dataset}, {table}, {accounts}: a list of members such as 'serviceAccount:…'
CREATE OR REPLACE ROW ACCESS POLICY accounts
ON `{dataset}.{table}`
GRANT TO ({accounts})
FILTER USING (TRUE)
