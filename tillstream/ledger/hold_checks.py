"""Checks that hold a file because of the content of the ledger."""

import duckdb

from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.ledger.other_regions import check_other_regions
from tillstream.ports.warehouse import StagedBatch

_OVERLAPPED = """
WITH other_lines AS ({others}),
told AS (
  SELECT sale, ANY_VALUE(store_id) AS store_id, ANY_VALUE(sale_date) AS sale_date, COUNT(*) AS lines
  FROM read_parquet($accepted) GROUP BY sale
),
known AS (
  SELECT sale, COUNT(*) AS lines FROM other_lines SEMI JOIN told USING (sale) GROUP BY sale
),
added AS (
  SELECT DISTINCT COALESCE(store_id, '') AS store, sale_date
  FROM told LEFT JOIN known USING (sale) WHERE told.lines > COALESCE(known.lines, 0)
),
days AS (
  SELECT DISTINCT COALESCE(store_id, '') AS store, sale_date FROM other_lines WHERE region = $region
)
SELECT COUNT(*) FROM added SEMI JOIN days USING (store, sale_date)
"""
"""Store-days of the ledger to which the file would add rows. Rows that the ledger has already add nothing, and
those of a batch that this one replaces do not count."""
_CURRENT = "SELECT * FROM sale_versions WHERE is_current"
_NOT_REPLACED = """
  WITH numbers AS (
    SELECT batch_no FROM batches WHERE root_no IN (SELECT batch_no FROM batches WHERE batch_id = $parent)
  ),
  replaced AS (SELECT DISTINCT key FROM sightings SEMI JOIN numbers USING (batch_no)),
  elsewhere AS (
    SELECT key FROM sightings SEMI JOIN replaced USING (key) JOIN batches USING (batch_no)
    WHERE undone_no IS NULL AND batch_no NOT IN (SELECT batch_no FROM numbers)
  )
  SELECT * FROM sale_versions
  WHERE is_current AND (key NOT IN (SELECT key FROM replaced) OR key IN (SELECT key FROM elsewhere))
"""


def check_hold(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    """The hold of the batch that is settled next, if any; all batches before it are in the ledger of `cursor`."""
    if batch.source != "file" or batch.is_correction or batch.as_new:
        return None
    return _duplicate_bytes(cursor, batch) or _overlaps(cursor, batch) or check_other_regions(cursor, batch)


def _duplicate_bytes(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    if HoldCode.REPEATED_BYTES in batch.confirmed:
        return None
    # A replay replaces its parent, whatever contract that had; compared with any other batch it counts as an upload.
    other = cursor.execute(
        "SELECT contract FROM batches "
        "WHERE sha256 = ? AND contract <> ? AND batch_id <> ? AND undone_no IS NULL LIMIT 1",
        [batch.sha256, batch.contract, batch.parent],
    ).fetchone()
    return Hold.of(HoldCode.REPEATED_BYTES, detail=other[0]) if other else None


def _overlaps(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    if not (batch.nameless and batch.accepted) or HoldCode.OVERLAP in batch.confirmed:
        return None
    params = {"accepted": list(batch.accepted), "region": batch.region}
    if batch.parent:
        row = cursor.execute(_OVERLAPPED.format(others=_NOT_REPLACED), params | {"parent": batch.parent}).fetchone()
    else:
        row = cursor.execute(_OVERLAPPED.format(others=_CURRENT), params).fetchone()
    days = int(row[0]) if row else 0
    return Hold.of(HoldCode.OVERLAP, value=f"{days:,} {'store-day' if days == 1 else 'store-days'}") if days else None
