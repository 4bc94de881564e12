-- The batches of the chosen regions that settlements added or undid, by settlement, in the order of receipt.
-- needs: see uploads
-- @after INT64 = 0: only settlements after this one
-- @through INT64 = 9223372036854775807: only settlements up to this one
-- @limit INT64 = 200: maximum number of batches
-- reads: visible_batches
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
