"""A warehouse created on first use, so that receiving store sales never loads its libraries, and its dataset."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tillstream.ports.warehouse import AdHocQuery, Settlement, SettlementResult, Snapshot, SqlWarehouse, WarehouseQuery
from tillstream.settings import Settings

if TYPE_CHECKING:  # BigQuery's libraries take longer to load than all the others
    import pyarrow as pa

    from tillstream.adapters.google.bigquery.dataset import Dataset


def dataset_of(settings: Settings) -> "Dataset":
    from tillstream.adapters.google.bigquery.dataset import Dataset

    return Dataset(
        settings.project,
        settings.dataset,
        settings.location,
        api=settings.bigquery_api,
        storage_api=settings.bigquery_storage_api,
    )


class LazyWarehouse:
    def __init__(self, make: Callable[[], SqlWarehouse]) -> None:
        self._make = make

    @cached_property
    def _warehouse(self) -> SqlWarehouse:
        return self._make()

    def settle(self, settlement: Settlement) -> SettlementResult:
        return self._warehouse.settle(settlement)

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery] = ()) -> SettlementResult:
        return self._warehouse.preview(settlement, questions)

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> "pa.Table":
        return self._warehouse.query(sql, params)

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> "Iterator[pa.RecordBatch]":
        return self._warehouse.stream(sql, params)

    def ad_hoc(self, query: AdHocQuery) -> "pa.Table":
        return self._warehouse.ad_hoc(query)

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        return self._warehouse.snapshot()

    def replace_table(self, table: str, rows: "pa.Table") -> None:
        self._warehouse.replace_table(table, rows)

    def upsert(self, table: str, rows: "pa.Table", keys: Sequence[str]) -> None:
        self._warehouse.upsert(table, rows, keys)

    def append_live(self, rows: "pa.Table") -> None:
        self._warehouse.append_live(rows)

    def refresh_totals(self) -> int:
        return self._warehouse.refresh_totals()

    def compact(self) -> int:
        return self._warehouse.compact()

    def note_pending_days(self) -> int:
        return self._warehouse.note_pending_days()

    def close(self) -> None:
        if "_warehouse" in vars(self):
            self._warehouse.close()
