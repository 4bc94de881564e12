-- The contents of the lines that the settlements after @after, up to @through, changed, net: before and after. has_both:
-- the line has one of each.
-- reads: changes
WITH
listed AS (
  SELECT
    settlement_no,
    key,
    old,
    `new`
  FROM changes
  WHERE settlement_no > @after AND settlement_no <= @through
),
repeated_keys AS (
  SELECT key FROM listed GROUP BY key HAVING COUNT(*) > 1
),
repeated AS (
  SELECT
    listed.key,
    listed.old,
    listed.`new`,
    ROW_NUMBER() OVER (PARTITION BY listed.key ORDER BY listed.settlement_no) AS number,
    COUNT(*) OVER (PARTITION BY listed.key) AS numbers
  FROM listed
  INNER JOIN repeated_keys ON repeated_keys.key = listed.key
),
net_changes AS (
  SELECT
    listed.key,
    listed.old,
    listed.`new`
  FROM listed
  LEFT JOIN repeated_keys ON repeated_keys.key = listed.key
  WHERE repeated_keys.key IS NULL
  UNION ALL
  -- the content before the first change and after the last one
  SELECT
    first_change.key,
    first_change.old,
    last_change.`new`
  FROM repeated AS first_change
  INNER JOIN repeated AS last_change
    ON last_change.key = first_change.key AND last_change.number = last_change.numbers
  WHERE first_change.number = 1 AND first_change.old IS DISTINCT FROM last_change.`new`
)
SELECT key, old AS content, FALSE AS is_after, `new` IS NOT NULL AS has_both FROM net_changes WHERE old IS NOT NULL
UNION ALL
SELECT key, `new` AS content, TRUE AS is_after, old IS NOT NULL AS has_both FROM net_changes WHERE `new` IS NOT NULL
