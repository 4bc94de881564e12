-- Row access to a table with sales, forecasts, stores or salespeople: users see the rows of their regions and stores
-- or, with the scope of own sales, their own.
-- {dataset}, {table}, {readers}: a list of members such as 'group:…' or 'domain:…'; {conditions}: one per permission and
-- scope
CREATE OR REPLACE ROW ACCESS POLICY people
ON `{dataset}.{table}`
GRANT TO ({readers})
FILTER USING (
  {conditions}
)
