-- The net changes of all settlements, one row per line: `old` is the content before, `new` the content after.
-- A settlement that only added lines has no listed changes: its changes are the sale versions that it added.
CREATE OR REPLACE VIEW changes AS
SELECT
  settlement_no,
  key,
  kind,
  old,
  `new`
FROM listed_changes
UNION ALL
SELECT
  sale_versions.settlement_no,
  sale_versions.key,
  'added' AS kind,
  CAST(NULL AS INT64) AS old,
  sale_versions.content AS `new`
FROM sale_versions
INNER JOIN settlements ON settlements.settlement_no = sale_versions.settlement_no
WHERE settlements.only_adds
