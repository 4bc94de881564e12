"""Checks that hold a file because of the content of the ledger."""

import duckdb

from tillstream.ledger.duckdb_ledger import KEY
from tillstream.ledger.other_regions import check_other_regions
from tillstream.ledger.spellings import check_spellings
from tillstream.model.batch import Hold, HoldCode
from tillstream.model.columns import FILE_SOURCES
from tillstream.ports.warehouse import StagedBatch

_OVERLAPPED = """
WITH other_lines AS ({others}),
told AS (
  SELECT sale, ANY_VALUE(store_id) AS store_id, ANY_VALUE(sale_date) AS sale_date, COUNT(*) AS lines
  FROM read_parquet($accepted) GROUP BY sale
),
known AS (
  SELECT sale, COUNT(*) AS lines FROM {known} SEMI JOIN told USING (sale) GROUP BY sale
),
added AS (
  SELECT DISTINCT COALESCE(store_id, '') AS store, sale_date
  FROM told LEFT JOIN known USING (sale) WHERE told.lines > COALESCE(known.lines, 0)
),
days AS (
  SELECT DISTINCT COALESCE(store_id, '') AS store, sale_date FROM other_lines
  WHERE region = $region AND sale_date IN (SELECT sale_date FROM told)
)
SELECT COUNT(*) FROM added SEMI JOIN days USING (store, sale_date)
"""
"""Store-days of the ledger to which the file would add rows. Rows that the ledger has already add nothing, and
those of a batch that this one replaces do not count."""
_CURRENT = "SELECT * FROM sale_versions WHERE is_current"
_IN_LEDGER = "(SELECT sale FROM known_lines WHERE is_current)"
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

LEAST_SALES, MOST_ROWS = 5, 500_000
"""Fewer sales than this may have been corrected; a larger file is compared by a part of its sales."""
_OTHER_SALES = f"""
WITH lines AS (
  SELECT s.sale, s.sale_id, s.sale_date, {KEY} AS key, s.content
  FROM read_parquet($accepted) AS s WHERE s.sale BETWEEN 0 AND $most
),
arrived AS (SELECT sale, MIN(sale_date) AS first, MAX(sale_date) AS last FROM lines GROUP BY sale),
known AS (
  SELECT k.sale, k.key, k.content, k.sale_date, a.first, a.last
  FROM known_lines AS k JOIN arrived AS a USING (sale) WHERE k.is_current
),
compared AS (
  SELECT k.sale, MIN(k.sale_date) AS day, NOT BOOL_OR(k.sale_date BETWEEN k.first AND k.last) AS is_moved,
    COUNT(l.key) > 0 AS has_line, COALESCE(BOOL_OR(l.content <> k.content), FALSE) AS is_changed
  FROM known AS k LEFT JOIN lines AS l USING (sale, key) GROUP BY k.sale
)
SELECT COUNT(*), COUNT(*) FILTER (is_moved), COUNT(*) FILTER (NOT is_moved AND NOT has_line),
  COUNT(*) FILTER (NOT is_moved AND is_changed), MIN_BY(sale, (day, sale)) FILTER (is_moved OR NOT has_line)
FROM compared
"""
"""The sales of the ledger with a number of the file; how many of them have other days in the file, or the same day but
none of its lines; how many were changed; and one of them. Hashes of sales are spread evenly from 0 to 2^63."""
_EXAMPLE = """
SELECT ANY_VALUE(k.sale_id), MIN(k.sale_date), (SELECT MIN(sale_date) FROM read_parquet($accepted) WHERE sale = $sale)
FROM sale_versions AS k WHERE k.is_current AND k.sale = $sale
"""


def check_hold(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    """The hold of the batch that is settled next, if any; all batches before it are in the ledger of `cursor`.

    Its sales are looked up (`current_lines.SaleLookup`).
    """
    if batch.source not in FILE_SOURCES or batch.is_correction or batch.as_new:
        return None
    return (
        _duplicate_bytes(cursor, batch)
        or _overlaps(cursor, batch)
        or check_other_regions(cursor, batch)
        or _other_sales(cursor, batch)
        or check_spellings(cursor, batch)
    )


def _duplicate_bytes(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    if HoldCode.REPEATED_BYTES in batch.confirmed:
        return None
    # A replay replaces its parent, whatever contract that had; compared with any other batch it counts as an upload.
    other = cursor.execute(
        "SELECT contract FROM batches "
        "WHERE sha256 = ? AND contract <> ? AND batch_id <> ? AND undone_no IS NULL LIMIT 1",
        [batch.sha256, batch.contract, batch.parent],
    ).fetchone()
    return Hold.from_code(HoldCode.REPEATED_BYTES, detail=other[0]) if other else None


def _overlaps(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    if not (batch.nameless and batch.accepted) or HoldCode.OVERLAP in batch.confirmed:
        return None
    params = {"accepted": list(batch.accepted), "region": batch.region}
    if batch.parent:
        row = cursor.execute(
            _OVERLAPPED.format(others=_NOT_REPLACED, known="other_lines"), params | {"parent": batch.parent}
        ).fetchone()
    else:
        row = cursor.execute(_OVERLAPPED.format(others=_CURRENT, known=_IN_LEDGER), params).fetchone()
    days = int(row[0]) if row else 0
    return (
        Hold.from_code(HoldCode.OVERLAP, value=f"{days:,} {'store-day' if days == 1 else 'store-days'}")
        if days
        else None
    )


def _other_sales(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    """The hold of a file whose sale numbers belong to other sales in the ledger, as they start again.

    Most of the sales with known numbers have another day, or none of the lines of the ledger. Files may add lines to
    known sales: on the same day, numbers start again only if lines were changed as well.
    """
    if batch.parent or not batch.accepted or HoldCode.OTHER_SALES in batch.confirmed:
        return None
    most = (2**63 - 1) * MOST_ROWS // max(batch.rows_read, MOST_ROWS)
    params = {"accepted": list(batch.accepted)}
    row = cursor.execute(_OTHER_SALES, params | {"most": most}).fetchone()
    if row is None:
        return None
    all_sales, moved, other, changed, sale = row
    count = moved + (other if changed else 0)
    if count < LEAST_SALES or count * 2 <= all_sales:
        return None
    number, day, day_here = cursor.execute(_EXAMPLE, params | {"sale": sale}).fetchall()[0]
    with_day = f"{number} is a sale of {day} in the ledger, and of {day_here} in this file"
    with_lines = f"{number} of {day} has other products in the ledger"
    part = " of the compared part" if batch.rows_read > MOST_ROWS else ""
    return Hold.from_code(
        HoldCode.OTHER_SALES,
        value=f"{count:,} of the {all_sales:,} sale numbers{part} that the ledger has already",
        detail=with_lines if day == day_here else with_day,
    )
