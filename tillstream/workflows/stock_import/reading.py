"""Read a file of stock movements: its columns are converted and checked, nothing is written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from operator import eq

import numpy as np

from tillstream.domain.inventory.movements import (
    MAY_BE_NEGATIVE,
    MAY_BE_ZERO,
    TRANSFERS,
    WITH_REASON,
    WITH_REFERENCE,
    MovementKind,
)
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS, Limits
from tillstream.pipeline.normalising.sale_time import to_utc
from tillstream.pipeline.rows.text_columns import Ints, Mask
from tillstream.workflows.catalogue_import.read_file import FileColumns, read_columns
from tillstream.workflows.stock_import import values
from tillstream.workflows.stock_import.codes import StockCodes
from tillstream.workflows.stock_import.column import Column, pairs, texts
from tillstream.workflows.stock_import.columns import COLUMNS, Defaults
from tillstream.workflows.stock_import.refusals import Problem, Refusals
from tillstream.workflows.stock_import.values import When

MAX_ROWS = 1_000_000
_SECOND = 1_000_000
_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class ReadRows:
    """Rows of a file, and their problems. Columns of refused rows are None.

    columns: store (region and store), kind, day, product (and its code), quantity, reason, reference and
    other_store. at: int64 (n,) UTC microseconds since 1970; -1: no time of day.
    """

    file: FileColumns
    columns: dict[str, Column]
    at: Ints
    refusals: Refusals


@dataclass(frozen=True)
class Reader:
    """What rows are checked against. zone_of: time zone of a store. latest: no fact is later than this day."""

    codes: StockCodes
    defaults: Defaults
    zone_of: Callable[[str, str], str]
    latest: date
    limits: Limits = LIMITS

    def read(self, content: bytes) -> ReadRows:
        """Read a file. Raises `Rejected` if it cannot be read, or has no column of products or quantities."""
        file = read_columns(content, COLUMNS, self.limits, MAX_ROWS)
        missing = [name for name in ("product", "quantity") if name not in file.cells.column_names]
        if missing:
            names = ", ".join(one.name for one in COLUMNS)
            absent = " and no column ".join(missing)
            raise Rejected(f"The file has no column {absent}. Columns of such files are {names}.")
        return _Conversion(self, file).rows()


class _Conversion:
    """The columns of one file."""

    def __init__(self, reader: Reader, file: FileColumns) -> None:
        self._reader, self._defaults, self._file = reader, reader.defaults, file
        self._refusals = Refusals(file.cells.num_rows)

    def rows(self) -> ReadRows:
        defaults = self._defaults
        stores = self._stores()
        day, at = self._times(stores)
        columns = {
            "store": stores,
            "kind": self._converted("type", values.kind, defaults.kind.value),
            "day": day,
            "product": self._products(stores),
            "quantity": self._converted("quantity", values.quantity),
            "reason": self._converted("reason", values.reason, defaults.reason),
            "reference": self._converted("reference", values.reference, defaults.reference),
            "other_store": self._other_stores(stores),
        }
        self._check(columns)
        return ReadRows(self._file, columns, at, self._refusals)

    def _converted(self, name: str, parse: Callable[[str], object], default: str = "") -> Column:
        return self._texts(name, default).convert(parse, self._refusals)

    def _texts(self, name: str, default: str = "") -> Column:
        return texts(self._file.cells, name, default)

    def _stores(self) -> Column:
        codes = self._reader.codes
        cells = pairs(self._texts("region", self._defaults.region), self._texts("store", self._defaults.store))
        stores = cells.convert(lambda pair: codes.store(*pair), self._refusals)
        words = "You cannot change the stock of this store."
        problem = Problem("store", "", words, "Leave the row out, or ask an administrator.")
        self._refusals.add_where(stores.where(lambda one: not codes.may_change(*one)), problem)
        return stores

    def _products(self, stores: Column) -> Column:
        regions = stores.convert(lambda store: store[0], self._refusals)
        cells = pairs(regions, self._texts("product"))
        return cells.convert(lambda pair: self._reader.codes.product(*pair), self._refusals)

    def _other_stores(self, stores: Column) -> Column:
        def parse(pair: tuple[tuple[str, str], str]) -> str:
            (region, _), text = pair
            return self._reader.codes.store(region, text, "other_store")[1] if text else ""

        return pairs(stores, self._texts("other_store")).convert(parse, self._refusals)

    def _times(self, stores: Column) -> tuple[Column, Ints]:
        """The day of each row, and its instant."""
        default = When(self._defaults.day)
        days = self._converted("date", lambda cell: values.when(cell, self._reader.latest) if cell else default)
        own_second = self._converted("time", lambda cell: values.time(cell) if cell else -1).numbers(int)
        second = np.where(own_second >= 0, own_second, days.numbers(lambda one: one.second))
        start = days.numbers(lambda one: (one.day - _EPOCH) // _DAY)
        exact = days.numbers(lambda one: _microseconds(one.at))
        local = self._to_utc(stores, (start * 86_400 + second) * _SECOND, (second >= 0) & (exact < 0))
        return days.convert(lambda one: one.day, self._refusals), np.where(exact >= 0, exact, local)

    def _to_utc(self, stores: Column, wall: Ints, timed: Mask) -> Ints:
        at = np.full(len(wall), -1, np.int64)
        zones = stores.convert(lambda store: self._reader.zone_of(*store), self._refusals)
        for zone in filter(None, zones.values):
            rows = np.flatnonzero(timed & zones.where(partial(eq, zone)))
            at[rows], nonexistent, _ = to_utc(wall[rows], zone)
            words = "This time does not exist in the time zone of the store: clocks were put forward."
            problem = Problem("time", "", words, "Correct the time.")
            self._refusals.add(rows[nonexistent], [problem] * int(nonexistent.sum()))
        return at

    def _check(self, columns: dict[str, Column]) -> None:
        """Refuse rows whose cells do not fit together."""
        kind, quantity, refuse = columns["kind"], columns["quantity"], self._refusals.add_where

        def is_one_of(kinds: frozenset[MovementKind]) -> Mask:
            return kind.where(lambda one: one in kinds)

        def is_empty(name: str) -> Mask:
            return columns[name].where(lambda text: text == "")

        problem = Problem("quantity", "", "The quantity must not be negative.", "Enter it without a minus sign.")
        refuse(quantity.where(lambda one: one < 0) & ~is_one_of(MAY_BE_NEGATIVE), problem)
        problem = Problem("quantity", "", "The quantity must not be 0.", "Correct it, or leave the row out.")
        refuse(quantity.where(lambda one: one == 0) & ~is_one_of(MAY_BE_ZERO), problem)
        problem = Problem("reason", "", "Write-offs and adjustments need a reason.", "Enter a reason.")
        refuse(is_one_of(WITH_REASON) & is_empty("reason"), problem)
        problem = Problem("reference", "", "The row needs a reference.", "Enter the ID of the transfer or the sale.")
        refuse(is_one_of(WITH_REFERENCE | TRANSFERS) & is_empty("reference"), problem)
        problem = Problem("other_store", "", "A transfer needs two different stores.", "Enter the other store.")
        same = pairs(columns["store"], columns["other_store"]).where(lambda pair: pair[0][1] == pair[1])
        refuse(is_one_of(TRANSFERS) & (is_empty("other_store") | same), problem)


def _microseconds(at: datetime | None) -> int:
    return -1 if at is None else round(at.astimezone(UTC).timestamp() * _SECOND)
