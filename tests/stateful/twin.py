"""A system whose settlements go into DuckDB and into BigQuery's emulator; the two ledgers must be one."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from emulator_fixtures import dataset_of
from google.cloud.bigquery import Dataset as DatasetResource

from devtools.emulators import Emulator
from tillstream.adapters.google.bigquery import tables
from tillstream.adapters.google.bigquery.loading import TableLoader
from tillstream.adapters.google.bigquery.settling import SettlementRunner
from tillstream.app import App
from tillstream.ports.warehouse import Settlement, SettlementResult, Warehouse, WarehouseQuery

LEDGER = {
    "settlements": ("settlement_no", "request_id", "added", "corrected", "removed"),
    "batches": (
        "batch_no", "batch_id", "root_no", "place_seq", "replaces", "repeated_lines", "confirmed", "removed",
        "settlement_no", "undone_no",
    ),
    "sightings": (
        "key", "content", "batch_no", "row_number", "line_number", "fix_number", "rank", "source_version",
        "received_seq", "outcome", "superseded", "settlement_no",
    ),
    "sale_versions": (
        "key", "content", "is_current", "sale", "sale_id", "line_key", "product_id", "sold_at", "sale_date",
        "net_amount", "extra", "settlement_no",
    ),
    "statements": (
        "batch_no", "whole", "rank", "source_version", "received_seq", "region", "store_id", "sale_date",
    ),
    "refusals": (
        "batch_no", "row_number", "line_number", "fix_number", "outcome", "refused_by", "code", "column_name",
        "settlement_no",
    ),
}  # fmt: skip
"""The columns that must be equal; ids internal to an engine, such as those of store-day scopes, are left out."""
CHANGES = """SELECT settlement_no, key, kind, old, `new` FROM listed_changes
    UNION ALL SELECT settlements.settlement_no, key, 'added', CAST(NULL AS INT64), content FROM sale_versions
    INNER JOIN settlements ON settlements.settlement_no = sale_versions.settlement_no WHERE only_adds"""
LEADS = """SELECT sale, COUNTIF(leads = 1) AS leading, COUNTIF(leads = 2) AS mixed FROM sale_versions
    WHERE is_current AND status NOT IN ('cancelled', 'returned') GROUP BY sale"""
_NUMBERS = count(1)


class Twin:
    """The second ledger of a system. `objects`: the folder below which homes lie, whose files the emulator sees as gs://."""

    def __init__(self, emulator: Emulator, objects: Path) -> None:
        self.dataset = dataset_of(emulator, f"twin_{next(_NUMBERS)}")
        self.settling = SettlementRunner(self.dataset, TableLoader(self.dataset))
        self.objects = objects
        self.settlements = 0
        self.dataset.client.create_dataset(DatasetResource(self.dataset.reference))
        for name in tables.LAYOUTS:
            self.dataset.client.create_table(tables.table(self.dataset.table(name)))

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
        self._twin.settlements += 1
        return _alike(self._local.settle(settlement), self._twin.settling.settle(self._on_bigquery(settlement)))

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery] = ()) -> SettlementResult:
        here, there = (
            self._local.preview(settlement, questions),
            self._twin.settling.preview(self._on_bigquery(settlement), ()),
        )
        return _alike(here, there)

    def close(self) -> None:
        try:
            self._compare()
        finally:
            self._local.close()

    def _compare(self) -> None:
        texts = {table: f"SELECT {', '.join(columns)} FROM {table}" for table, columns in LEDGER.items()}
        for name, text in (texts | {"changes": CHANGES, "leads": LEADS}).items():
            here = {_plain(row.values()) for row in self._local.query(text).to_pylist()}
            there = {_plain(row.values()) for row in self._twin.dataset.ask(text)}
            assert here == there, (name, "only in DuckDB", here - there, "only in BigQuery", there - here)

    def _on_bigquery(self, settlement: Settlement) -> Settlement:
        return replace(
            settlement,
            staged=[
                replace(batch, accepted=self._addresses(batch.accepted), refused=self._addresses(batch.refused))
                for batch in settlement.staged
            ],
        )

    def _addresses(self, paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"gs://{Path(path).relative_to(self._twin.objects).as_posix()}" for path in paths)


def _alike(here: SettlementResult, there: SettlementResult) -> SettlementResult:
    """The changes are compared in the ledgers; after a lost answer, the result is that of an earlier settlement."""
    assert (there.batches, there.holds) == (here.batches, here.holds)
    return here


def _plain(values: Any) -> tuple[Any, ...]:
    return tuple(int.from_bytes(value, "big") if isinstance(value, bytes) else value for value in values)
