"""A system that settles into DuckDB and into BigQuery's emulator, which is compacted too; the ledgers are equal."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from emulator_fixtures import dataset_of

from devtools import emulators
from devtools.emulators import Emulator
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.settle_script import compact_flags
from tillstream.adapters.google.bigquery.settling import BigQuerySettling
from tillstream.adapters.google.bigquery.warehouse import note_pending_days
from tillstream.adapters.google.object_store import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.app import App
from tillstream.ledger.slice_settlement import ADDED_TABLES
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import Settlement, SettlementResult, Warehouse, WarehouseQuery

LEDGER = {table: [field.name for field in TABLES[table] if field.name != "settled_at"] for table in ADDED_TABLES}
COMPACT_EVERY = 5
"""Settlements; the pending days of the sale index are noted as often."""
_NUMBERS = count(1)


class Copies(Downloads):
    """The staged files are those of the local home."""

    def fetch(self, paths: Mapping[str, str]) -> None:
        for address, path in paths.items():
            shutil.copyfile(address, path)


class Twin:
    """The second ledger of a system."""

    def __init__(self, emulator: Emulator) -> None:
        self.dataset = dataset_of(emulator, f"twin_{next(_NUMBERS)}")
        self.index = MemorySaleIndex(most_pairs=1)
        self.settling = BigQuerySettling(self.dataset, Copies(emulators.PROJECT), self.index)
        self.settlements = 0
        migrate(self.dataset)

    def replace_ports(self, app: App) -> App:
        warehouse: Any = TwinWarehouse(app.ports.warehouse, self)
        return replace(app, ports=replace(app.ports, warehouse=warehouse))


class TwinWarehouse:
    """Settles in both, answers from DuckDB, and compares the ledgers when it is closed."""

    def __init__(self, local: Warehouse, twin: Twin) -> None:
        self._local, self._twin = local, twin

    def __getattr__(self, name: str) -> Any:
        return getattr(self._local, name)

    def settle(self, settlement: Settlement) -> SettlementResult:
        if self._twin.settlements % COMPACT_EVERY == 0:
            compact_flags(self._twin.dataset)
            note_pending_days(self._twin.dataset, self._twin.index)
        self._twin.settlements += 1
        return _alike(self._local.settle(settlement), self._twin.settling.settle(settlement))

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery] = ()) -> SettlementResult:
        here, there = (
            self._local.preview(settlement, questions),
            self._twin.settling.preview(settlement, ()),
        )
        return _alike(here, there)

    def close(self) -> None:
        try:
            self._compare()
        finally:
            self._local.close()

    def _compare(self) -> None:
        texts = {table: f"SELECT {', '.join(columns)} FROM {table}" for table, columns in LEDGER.items()}
        for name, text in texts.items():
            here = {_plain(row.values()) for row in self._local.query(text).to_pylist()}
            there = {_plain(row.values()) for row in self._twin.dataset.ask(text)}
            assert here == there, (name, "only in DuckDB", here - there, "only in BigQuery", there - here)


def _alike(here: SettlementResult, there: SettlementResult) -> SettlementResult:
    """The changes are compared in the ledgers; after a lost answer, the result is that of an earlier settlement."""
    assert (there.batches, there.holds) == (here.batches, here.holds)
    return here


def _plain(values: Any) -> tuple[Any, ...]:
    return tuple(int.from_bytes(value, "big") if isinstance(value, bytes) else value for value in values)
