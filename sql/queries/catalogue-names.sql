-- The latest names of stores or salespeople in the catalogue, for those that the user may see.
-- @kind STRING = store of store|salesperson: whose names
-- @personal INT64 = 0: 1 if the user may see personal columns; otherwise there are no salespeople
-- reads: visible_names
WITH
final AS (
  SELECT region, code, name
  FROM visible_names
  WHERE kind = @kind AND (@personal = 1 OR kind <> 'salesperson')
)
SELECT * FROM final
ORDER BY region, code
