-- The sightings that count (accepted and not undone), with provenance and the columns that order them. The order is:
-- rank, version in the source, place in time, number of the correction, row, receipt of the upload. If the source has
-- versions, the first received of two sightings with the same version wins, so place and row are reversed. Batches with
-- the same bytes share the place of the first one; if the rest is equal too, the first received of them wins.
-- - place_order: Place in time for the order; reversed if the source has versions
-- - row_order: Row for the order; reversed if the source has versions
-- - receipt_order: Receipt of the upload itself for the order, reversed
CREATE OR REPLACE VIEW counted_sightings AS
WITH
accepted AS (
  SELECT * FROM sightings WHERE outcome IN ('new', 'corrected', 'duplicate')
),
roots AS (
  SELECT batch_no, place_seq, received_seq FROM batches WHERE batch_no = root_no AND undone_no IS NULL
),
deliveries AS (
  -- the batch that contains the row: the upload or one of its corrections
  SELECT
    root_no,
    fix_number,
    batch_id,
    IF(kind = 'correction', kind, source) AS source
  FROM batches
  WHERE undone_no IS NULL
),
final AS (
  SELECT
    accepted.key,
    accepted.content,
    accepted.batch_no,
    accepted.row_number,
    accepted.line_number,
    accepted.fix_number,
    accepted.rank,
    accepted.source_version,
    COALESCE(accepted.received_seq, roots.place_seq) AS received_seq,
    deliveries.batch_id,
    deliveries.source,
    settlements.settled_at AS ingested_at,
    IF(
      accepted.source_version > 0,
      -COALESCE(accepted.received_seq, roots.place_seq),
      COALESCE(accepted.received_seq, roots.place_seq)
    ) AS place_order,
    IF(accepted.source_version > 0, -accepted.row_number, accepted.row_number) AS row_order,
    -roots.received_seq AS receipt_order
  FROM accepted
  INNER JOIN roots ON roots.batch_no = accepted.batch_no
  INNER JOIN deliveries ON deliveries.root_no = accepted.batch_no AND deliveries.fix_number = accepted.fix_number
  LEFT JOIN settlements ON settlements.settlement_no = accepted.settlement_no
)
SELECT * FROM final
