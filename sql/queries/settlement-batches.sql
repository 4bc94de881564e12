-- Which batches of the chosen regions settlements added or undid, by settlement, in received order.
-- needs: see uploads
-- @after INT64 = 0: settlements after this one
-- @through INT64 = 9223372036854775807: the last of them
-- @limit INT64 = 200: at most so many
WITH
batches_moved AS (
  SELECT
    settlement_no,
    FALSE AS is_undone,
    batch_id,
    kind,
    source,
    region,
    contract,
    file,
    received_seq
  FROM visible_batches
  WHERE settlement_no > @after AND settlement_no <= @through
  UNION ALL
  SELECT
    undone_no AS settlement_no,
    TRUE AS is_undone,
    batch_id,
    kind,
    source,
    region,
    contract,
    file,
    received_seq
  FROM visible_batches
  WHERE undone_no > @after AND undone_no <= @through
),
final AS (
  SELECT * FROM batches_moved
)
SELECT * FROM final
ORDER BY settlement_no DESC, received_seq, batch_id, is_undone
LIMIT @limit
