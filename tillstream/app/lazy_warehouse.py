"""A warehouse whose libraries load with the first question: who only keeps store sales never asks one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tillstream.ports.warehouse import Question, Settled, Settlement, Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


class LateWarehouse:
    def __init__(self, make: Callable[[], Warehouse]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Warehouse:
        return self._make()

    def settle(self, settlement: Settlement) -> Settled:
        return self._made.settle(settlement)

    def preview(self, settlement: Settlement, questions: Sequence[Question] = ()) -> Settled:
        return self._made.preview(settlement, questions)

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> "pa.Table":
        return self._made.query(sql, params)

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> "Iterator[pa.RecordBatch]":
        return self._made.stream(sql, params)

    def load(self, table: str, rows: "pa.Table") -> None:
        self._made.load(table, rows)

    def upsert(self, table: str, rows: "pa.Table", keys: Sequence[str]) -> None:
        self._made.upsert(table, rows, keys)

    def renew(self, table: str, sql: str, days: Sequence[date]) -> None:
        self._made.renew(table, sql, days)

    def close(self) -> None:
        if "_made" in vars(self):
            self._made.close()
