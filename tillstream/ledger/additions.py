"""What a settlement on a slice adds to the ledger, and what it changes in it."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from tillstream.domain.tables import TABLES

ADDED = (
    "settlements", "batches", "sightings", "sale_versions", "statements", "refusals", "listed_changes", "batch_days",
    "settlement_days",
)  # fmt: skip
_KEY = "CAST(t.key >> 64 AS BIGINT) AS key_high, CAST(t.key & 18446744073709551615::UHUGEINT AS BIGINT) AS key_low"
_CHANGED_FLAGS = f"""
SELECT {_KEY}, t.content, t.sale, t.sale_date, t.is_current, t.leads, CAST($settlement_no AS BIGINT) AS settlement_no
FROM sale_versions AS t
JOIN loaded_sale_versions AS l USING (key, content)
WHERE t.is_current <> l.is_current OR t.leads <> l.leads
"""
_CHANGED_BATCHES = """
SELECT t.batch_no, t.received_date, t.place_seq, t.undone_no, t.removed
FROM batches AS t
JOIN loaded_batches AS l USING (batch_no)
WHERE (t.place_seq, t.undone_no, t.removed) IS DISTINCT FROM (l.place_seq, l.undone_no, l.removed)
ORDER BY batch_no
"""


@dataclass(frozen=True)
class Additions:
    rows: Mapping[str, pa.Table]
    """Table → the rows that the settlement added; a key is in the columns key_high and key_low. `version_flags`: later
    flags of contents that the ledger had."""
    changed_batches: pa.Table
    """batch_no, received_date, and the new place_seq, undone_no and removed."""


def additions(cursor: duckdb.DuckDBPyConnection, settlement_no: int) -> Additions:
    """Compare the ledger in memory with the slice that was loaded."""
    params = {"settlement_no": settlement_no}
    rows = {table: _table(cursor, _added(table), params) for table in ADDED}
    rows["version_flags"] = _table(cursor, _CHANGED_FLAGS, params)
    return Additions(rows, _table(cursor, _CHANGED_BATCHES))


def _table(cursor: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, int] | None = None) -> pa.Table:
    """The rows of a query, which is not executed before: the result of `execute` would be a second copy in memory."""
    return cursor.sql(sql, params=params).to_arrow_table()


def _added(table: str) -> str:
    columns = ", ".join(_KEY if field.name == "key" else f"t.{field.name}" for field in TABLES[table])
    return f"SELECT {columns} FROM {table} AS t WHERE settlement_no = $settlement_no"
