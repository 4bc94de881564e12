"""A settlement on a slice of the ledger, for warehouses that store the ledger elsewhere, and what it adds to it."""

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from tillstream.ledger.duckdb_ledger import TABLES_IN_MEMORY, LedgerReader, MemoryLedger, ledger_in_memory
from tillstream.ledger.ledger_slice import LedgerSlice
from tillstream.ledger.settlement_record import LedgerNumbers
from tillstream.ledger.settling import SettlementRunner
from tillstream.model.errors import TooLarge
from tillstream.model.limits import SETTLEMENT_MEMORY
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import SaleIndex, Settlement, SettlementResult

ADDED_TABLES = (
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


def read_additions(cursor: duckdb.DuckDBPyConnection, settlement_no: int) -> Additions:
    """Compare the ledger in memory with the slice that was loaded."""
    params = {"settlement_no": settlement_no}
    rows = {table: _read_table(cursor, _added(table), params) for table in ADDED_TABLES}
    rows["version_flags"] = _read_table(cursor, _CHANGED_FLAGS, params)
    return Additions(rows, _read_table(cursor, _CHANGED_BATCHES))


def _read_table(cursor: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, int] | None = None) -> pa.Table:
    """The rows of a query, which is not executed before: the result of `execute` would be a second copy in memory."""
    return cursor.sql(sql, params=params).to_arrow_table()


def _added(table: str) -> str:
    columns = ", ".join(_KEY if field.name == "key" else f"t.{field.name}" for field in TABLES[table])
    return f"SELECT {columns} FROM {table} AS t WHERE settlement_no = $settlement_no"


@dataclass(frozen=True)
class SliceSettlement:
    """A settlement that is not committed yet."""

    result: SettlementResult
    additions: Additions | None
    """None if there is nothing to settle."""
    index_pairs: Collection[tuple[int, date]]
    """Pairs that the sale index must have before the settlement is committed."""
    pending_days: Collection[date]
    """Days that must be pending in it before; their sales are noted afterwards."""
    last: LedgerNumbers
    """The greatest numbers of the ledger after it."""


def settle_slice(
    settlement: Settlement,
    reader: LedgerReader,
    index: SaleIndex,
    last: LedgerNumbers,
    memory_limit: str = SETTLEMENT_MEMORY,
) -> SliceSettlement:
    """Settle on the slice of the ledger that the settlement can read or change; nothing is stored.

    The staged files of the settlement must be local. last: the greatest numbers of the whole ledger. Raises `TooLarge`.
    """
    try:
        return _settle(settlement, reader, index, last, memory_limit)
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise TooLarge(f"The settlement does not fit into {memory_limit} of memory.") from error


def _settle(
    settlement: Settlement, reader: LedgerReader, index: SaleIndex, last: LedgerNumbers, memory_limit: str
) -> SliceSettlement:
    with closing(ledger_in_memory(TABLES_IN_MEMORY, memory_limit)) as cursor:
        ledger_slice = LedgerSlice(MemoryLedger(cursor, reader), index)
        ledger_slice.load(settlement)
        runner = SettlementRunner(cursor, last)
        result = runner.run(settlement)
        added = read_additions(cursor, runner.settlement_no) if result.settlement_no else None
        numbers = LedgerNumbers(runner.settlement_no, runner.numbering.next_batch - 1)
        return SliceSettlement(result, added, *ledger_slice.missing_pairs(), numbers if added else last)
