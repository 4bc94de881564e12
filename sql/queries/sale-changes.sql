-- The changes of one sale by settlement, oldest first; each was announced to subscribers as one event.
-- A line that no longer matches the filters counts as removed, a line that matches them only since then as added.
-- @region STRING: region of the sale
-- @sale_id STRING: ID of the sale
-- reads: changes, settlements, visible_versions
WITH
versions AS (
  SELECT key, content, line_key
  FROM visible_versions
  WHERE region = @region AND sale_id = @sale_id
),
sides AS (
  SELECT
    changes.settlement_no,
    changes.kind,
    versions.line_key,
    versions.content,
    COALESCE(versions.content = changes.`new`, FALSE) AS is_after
  FROM changes
  INNER JOIN versions
    ON versions.key = changes.key AND (versions.content = changes.old OR versions.content = changes.`new`)
),
final AS (
  SELECT
    sides.settlement_no,
    settlements.settled_at,
    sides.line_key,
    MAX(sides.kind) AS announced_as,
    CASE WHEN COUNT(*) = 2 THEN 'corrected' WHEN LOGICAL_OR(sides.is_after) THEN 'added' ELSE 'removed' END AS kind,
    MAX(IF(sides.is_after, NULL, sides.content)) AS content_before,
    MAX(IF(sides.is_after, sides.content, NULL)) AS content_after
  FROM sides
  INNER JOIN settlements ON settlements.settlement_no = sides.settlement_no
  GROUP BY sides.settlement_no, settlements.settled_at, sides.line_key
)
SELECT * FROM final
ORDER BY settlement_no, line_key
