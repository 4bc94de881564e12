-- Micro-batches of store sales by the settlements that decided rows of them: the first one, those of their corrections,
-- and the one that undid them; in the order of settlements.
-- @settlement_no INT64: only from this settlement on
-- @batch_no INT64: of that settlement only from this batch on
-- @limit INT64: maximum number of rows
WITH
decisions AS (
  SELECT settlement_no, root_no, FALSE AS is_undone
  FROM batches
  WHERE settlement_no >= @settlement_no
  UNION DISTINCT
  SELECT undone_no AS settlement_no, root_no, TRUE AS is_undone
  FROM batches
  WHERE undone_no >= @settlement_no AND batch_no = root_no
),
final AS (
  SELECT
    decisions.settlement_no,
    settlements.settled_at,
    decisions.is_undone,
    roots.batch_no,
    roots.batch_id,
    roots.received_date
  FROM decisions
  INNER JOIN batches AS roots ON roots.batch_no = decisions.root_no
  INNER JOIN settlements ON settlements.settlement_no = decisions.settlement_no
  WHERE roots.kind = 'messages'
    AND (decisions.settlement_no > @settlement_no OR roots.batch_no >= @batch_no)
)
SELECT * FROM final
ORDER BY settlement_no, batch_no
LIMIT @limit
