"""A local warehouse that settles each settlement on a slice of its ledger too, and compares what both add."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.app import App
from tillstream.ledger.duckdb_ledger import KeyValues
from tillstream.ledger.ledger_slice import STATED_DAYS
from tillstream.ledger.settlement_record import LedgerNumbers
from tillstream.ledger.slice_settlement import ADDED_TABLES, settle_slice
from tillstream.model.batch import received_date
from tillstream.model.ids import index_hash
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import PendingDay, Settlement, SettlementResult, WarehouseQuery

KEY = "CAST(key >> 64 AS BIGINT) AS key_high, CAST(key & 18446744073709551615::UHUGEINT AS BIGINT) AS key_low"
NOTED_EVERY = 4
"""Settlements, after which the sales of pending days are noted."""
KEPT = {
    "sale_versions": ("key, content", "is_current, leads"),
    "batches": ("batch_no", "place_seq, undone_no, removed"),
}
"""Tables with columns that settlements change: what identifies a row, and those columns."""


@dataclass(frozen=True)
class Sliced:
    """What a settlement on a slice gave."""

    result: SettlementResult
    rows: Mapping[str, Any]


class WholeLedger:
    """Reads the slice from the tables of a local warehouse."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor
        self.rows = 0

    def read(
        self, table: str, columns: Sequence[str], days: Collection[date], matching: Mapping[str, KeyValues]
    ) -> pa.RecordBatchReader:
        day = "received_date" if table in ("batches", "refusals", "batch_days") else "sale_date"
        selected = ", ".join(KEY if column == "key" else column for column in columns)
        values = " OR ".join(f"list_contains(${name}, {name})" for name in matching) or "TRUE"
        params = {name: list(allowed) for name, allowed in matching.items()} | {"days": list(days)}
        text = f"SELECT {selected} FROM {table} WHERE list_contains($days, {day}) AND ({values})"
        rows = self.cursor.execute(text, params).to_arrow_table()
        self.rows += rows.num_rows
        return rows.to_reader()

    def read_flags(self, days: Collection[date], sales: Collection[int]) -> None:
        """DuckDB updates them."""


class SlicedWarehouse:
    """Settles on the whole ledger; before, on a slice of it in memory."""

    def __init__(self, local: DuckDBWarehouse) -> None:
        self._local, self._index = local, MemorySaleIndex()
        self.compared = self.with_pending_days = 0
        self.differences: list[tuple[str, Any, Any]] = []
        self._reindex()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._local, name)

    def _cursor(self) -> Any:
        return self._local._database.cursor()

    def _reindex(self) -> None:
        """As a rebuild of the index does."""
        pairs = self._cursor().execute("SELECT DISTINCT sale, sale_date FROM sightings").fetchall()
        for batch, sha256, seq in (
            self._cursor().execute("SELECT batch_id, sha256, received_seq FROM batches").fetchall()
        ):
            pairs += [
                (index_hash("batch", batch), received_date(seq)),
                (index_hash("bytes", sha256), received_date(seq)),
            ]
        days = self._cursor().execute("SELECT DISTINCT sale_date FROM statements WHERE whole = 'store-day'").fetchall()
        self._index.rebuild([*pairs, *((STATED_DAYS, day) for (day,) in days)], 0)

    def _note_pending(self, epoch: int) -> None:
        """As on BigQuery; a settlement fails only before it is noted, so its epoch is the number of the last one."""
        sales = "SELECT DISTINCT sale, sale_date FROM sightings WHERE sale_date = ? AND settlement_no = ?"
        passed = [each for each in self._index.pending() if each.epoch < epoch]
        self._index.note_pending(
            passed, lambda each: self._cursor().execute(sales, [each.day, each.settlement_no]).fetchall()
        )

    def settle(self, settlement: Settlement) -> SettlementResult:
        sliced = self._on_slice(settlement, keep=True)
        before = {table: self._kept(table) for table in KEPT}
        whole = self._local.settle(settlement)
        if sliced and whole.settlement_no:
            self._compare(sliced, whole, before)
        return whole

    def _compare(self, sliced: "Sliced", whole: SettlementResult, before: Mapping[str, Mapping[Any, Any]]) -> None:
        """Note what differs: an error here would only be an event that is delivered again."""
        wanted: dict[str, Any] = {table: self._added(table, whole.settlement_no) for table in ADDED_TABLES}
        for table, rows in before.items():
            after = self._kept(table)
            wanted[f"changed {table}"] = {
                identity: after[identity] for identity in rows if after[identity] != rows[identity]
            }
        self.compared += 1
        self.differences += [
            (name, sliced.rows.get(name), wanted[name]) for name in wanted if sliced.rows.get(name) != wanted[name]
        ]
        if sliced.result != whole:
            self.differences.append(("result", sliced.result, whole))

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery] = ()) -> SettlementResult:
        sliced = self._on_slice(settlement, keep=False)
        whole = self._local.preview(settlement, questions)
        if sliced and sliced.result != replace(whole, results=()):
            self.differences.append(("preview", sliced.result, whole))
        return whole

    def _on_slice(self, settlement: Settlement, *, keep: bool) -> Sliced | None:
        cursor = self._cursor()
        if (
            settlement.request_id
            and cursor.execute("SELECT 1 FROM settlements WHERE request_id = ?", [settlement.request_id]).fetchone()
        ):
            return None
        last = cursor.execute(
            "SELECT (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements), "
            "(SELECT COALESCE(MAX(batch_no), 0) FROM batches)"
        ).fetchone()
        if self.compared % NOTED_EVERY == NOTED_EVERY - 1:
            self._note_pending(last[0])
        self._index.most_pairs = self.compared % 2  # half of the settlements leave all their days pending
        self.with_pending_days += bool(self._index.pending())
        sliced = settle_slice(settlement, WholeLedger(cursor), self._index, LedgerNumbers(*last))
        if keep:
            number = sliced.last.settlement_no
            pending = [PendingDay(day, number, epoch=last[0]) for day in sliced.pending_days]
            self._index.note(sliced.index_pairs, number, pending)
        if not sliced.additions:
            return Sliced(sliced.result, {})
        added = sliced.additions
        rows: dict[str, Any] = {table: _rows(added.rows[table], table) for table in ADDED_TABLES}
        rows["changed sale_versions"] = {
            (row["key_high"] << 64 | row["key_low"], row["content"]): (row["is_current"], row["leads"])
            for row in added.rows["version_flags"].to_pylist()
        }
        rows["changed batches"] = {
            (row["batch_no"],): (row["place_seq"], row["undone_no"], row["removed"])
            for row in added.changed_batches.to_pylist()
        }
        return Sliced(sliced.result, rows)

    def _added(self, table: str, number: int) -> list[tuple[Any, ...]]:
        columns = ", ".join(KEY if field.name == "key" else field.name for field in TABLES[table])
        text = f"SELECT {columns} FROM {table} WHERE settlement_no = ?"
        return _rows(self._cursor().execute(text, [number]).to_arrow_table(), table)

    def _kept(self, table: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        identity, values = KEPT[table]
        rows = self._cursor().execute(f"SELECT {identity}, {values} FROM {table}").fetchall()
        width = len(identity.split(","))
        return {row[:width]: row[width:] for row in rows}


def _rows(table: pa.Table, name: str) -> list[tuple[Any, ...]]:
    shown = [column for column in table.column_names if (name, column) != ("settlements", "settled_at")]
    return sorted((tuple(row[column] for column in shown) for row in table.to_pylist()), key=repr)


class Slices:
    """Puts a `SlicedWarehouse` into each app of a schedule."""

    def __init__(self) -> None:
        self.warehouses: list[SlicedWarehouse] = []

    def replace_ports(self, app: App) -> App:
        local: Any = app.ports.warehouse
        warehouse: Any = SlicedWarehouse(local)
        self.warehouses.append(warehouse)
        return replace(app, ports=replace(app.ports, warehouse=warehouse))

    @property
    def with_pending_days(self) -> int:
        """Settlements during which days were pending in the sale index."""
        return sum(warehouse.with_pending_days for warehouse in self.warehouses)

    def check(self) -> None:
        assert sum(warehouse.compared for warehouse in self.warehouses) > 0
        assert [difference for warehouse in self.warehouses for difference in warehouse.differences] == []
