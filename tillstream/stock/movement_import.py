"""Import of a file of stock movements: its columns are read and checked, then its good rows are recorded."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial, reduce
from itertools import groupby
from operator import eq
from typing import Any

import numpy as np

import sql
from tillstream.catalogue import entry_lists
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.limits import LIMITS, Limits
from tillstream.model.product_catalogue import Store
from tillstream.model.text import did_you_mean
from tillstream.pipeline.normalising.sale_time import to_utc
from tillstream.pipeline.rows.text_columns import Ints, Mask
from tillstream.pipeline.tabular import (
    ColumnProblems,
    DistinctColumn,
    RowProblem,
    TableColumns,
    UnusableCell,
    column_texts,
    pair_columns,
    read_columns,
)
from tillstream.ports import Ports
from tillstream.ports.warehouse import Warehouse
from tillstream.stock import movement_columns, stored_movements
from tillstream.stock.movement_columns import MOVEMENT_COLUMNS, MovementDefaults, MovementTime
from tillstream.stock.movements import (
    KINDS_BELOW_ZERO,
    KINDS_OF_ZERO,
    KINDS_WITH_REASON,
    KINDS_WITH_REFERENCE,
    MAX_LINES,
    TRANSFER_KINDS,
    DayPart,
    Movement,
    MovementKind,
    MovementLine,
)

StoreKey = tuple[str, str]
"""Region and store."""
_ADD_STORE = "Correct the store, or add it to the catalogue first."
_ADD_PRODUCT = "Correct the code, or add the product to the catalogue first."
_MOST_SUGGESTIONS = 20
"""Misspelled names of a file that are compared with all others, which is slow."""

MAX_ROWS = 1_000_000
_SECOND = 1_000_000
_DAY = timedelta(days=1)
_EPOCH_DAY = date(1970, 1, 1)

_GROUP = ("store", "kind", "day", "reason", "reference", "other_store")
"""Columns that are the same in all lines of a movement."""
_NOT_OF_COUNTS = frozenset({"reason", "reference", "other_store"})
"""Rows of one product in a count add up, whatever they have in these columns."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone_of_store(ports: Ports, contracts: ContractRegistry) -> Callable[[str, str], str]:
    """The time zone of a region and store: that of the catalogue, else of the region's contract, else UTC."""
    stores = entry_lists.catalogue_entries(ports, Store)

    def zone(region: str, store_id: str) -> str:
        store, contract = stores.get((region, store_id)), contracts.for_region(region)
        own = store.time_zone if store else ""
        return own or (contract.dates.zone_of(store_id) if contract else "") or "UTC"

    return zone


def _everyone(_region: str, _store: str) -> bool:
    return True


@dataclass
class StockCodes:
    """stores: name by region and store, empty without one. products: product and name by region (or `*`) and code.

    may_change: whether the user may change the stock of a store.
    """

    stores: Mapping[StoreKey, str]
    products: Mapping[tuple[str, str], tuple[str, str]]
    may_change: Callable[[str, str], bool] = _everyone
    _suggested: int = 0
    _folded: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def store(self, region: str, text: str, column: str = "store") -> StoreKey:
        """The store with a code or name; without a region, of any region. Raises `UnusableCell`."""
        if not text:
            raise UnusableCell(column, "", "The row has no store.", "Enter the code of a store.")
        stores = self._stores_of(region)
        matches = [one for one in stores if one[1] == text] or [
            one for one in stores if text.casefold() in {one[1].casefold(), self.stores[one].casefold()}
        ]
        matches = self._changeable(matches) or matches
        if len(matches) == 1:
            return matches[0]
        if matches:
            where = ", ".join(sorted(f"{one[0]}/{one[1]}" for one in matches))
            words = f"“{text}” can be several stores: {where}."
            raise UnusableCell(column, text, words, "Enter the region and the code of the store.")
        names = (name for one in self._changeable(stores) for name in (one[1], self.stores[one]) if name)
        suggested = self._similar(text, names)
        where = f" in {region}" if region else ""
        raise UnusableCell(column, text, f"There is no store “{text}”{where}.{suggested}", _ADD_STORE)

    def _stores_of(self, region: str) -> list[StoreKey]:
        """All stores without a region. Raises `UnusableCell` if the region has none."""
        if not region:
            return list(self.stores)
        stores = [one for one in self.stores if one[0].casefold() == region.casefold()]
        if not stores:
            suggested = did_you_mean(region, {one[0] for one in self._changeable(self.stores)})
            words = f"There is no region “{region}”.{suggested}"
            raise UnusableCell("region", region, words, _ADD_STORE)
        return stores

    def _changeable(self, stores: Iterable[StoreKey]) -> list[StoreKey]:
        return [store for store in stores if self.may_change(*store)]

    def product(self, region: str, text: str) -> tuple[str, str]:
        """Product and code of a text: a code, or a name that one product has. Raises `UnusableCell`."""
        if not text:
            raise UnusableCell("product", "", "The row has no product.", "Enter the code of a product.")
        for place in (region, "*"):
            if (place, text) in self.products:
                return self.products[place, text][0], text
        named = self._codes_of(region).get(text.casefold(), set())
        matching = {self._product(region, code) for code in named}
        if len(matching) == 1:
            return matching.pop(), min(named)
        if named:
            words = f"“{text}” can be several products: {', '.join(sorted(named))}."
            raise UnusableCell("product", text, words, "Enter the code of the product.")
        names = (word for code_of_region in self._codes_of(region).values() for word in code_of_region)
        suggested = self._similar(text, names)
        words = f"There is no product “{text}”.{suggested}"
        raise UnusableCell("product", text, words, _ADD_PRODUCT)

    def _product(self, region: str, code: str) -> str:
        return (self.products.get((region, code)) or self.products["*", code])[0]

    def _codes_of(self, region: str) -> dict[str, set[str]]:
        """Code or name in lower case → codes, of a region."""
        if region not in self._folded:
            folded: dict[str, set[str]] = {}
            for (place, code), (_, name) in self.products.items():
                if place in {region, "*"}:
                    for word in filter(None, (code, name)):
                        folded.setdefault(word.casefold(), set()).add(code)
            self._folded[region] = folded
        return self._folded[region]

    def _similar(self, text: str, names: Iterable[str]) -> str:
        self._suggested += 1
        return did_you_mean(text, names) if self._suggested <= _MOST_SUGGESTIONS else ""


def read_stock_codes(warehouse: Warehouse, may_change: Callable[[str, str], bool] = _everyone) -> StockCodes:
    """Read the stores and products of the daily totals and of the catalogue. Raises as `Warehouse.query`."""
    stores = _rows(warehouse, "stock/stores")
    products = _rows(warehouse, "stock/product_codes")
    return StockCodes(
        {(one["region"], one["store_id"]): one["name"] or "" for one in stores},
        {(one["region"], one["code"]): (one["product"], one["name"] or "") for one in products},
        may_change,
    )


def _rows(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.query(sql.text(name)).to_pylist()
    return rows


@dataclass(frozen=True)
class ReadMovements:
    """Rows of a file, and their problems. Columns of refused rows are None.

    columns: store (region and store), kind, day, product (and its code), quantity, reason, reference and
    other_store. at: int64 (n,) UTC microseconds since 1970; -1: no time of day.
    """

    file: TableColumns
    columns: dict[str, DistinctColumn]
    at: Ints
    refusals: ColumnProblems


@dataclass(frozen=True)
class MovementReader:
    """What rows are checked against. zone_of: time zone of a store. latest: no fact is later than this day."""

    codes: StockCodes
    defaults: MovementDefaults
    zone_of: Callable[[str, str], str]
    latest: date
    limits: Limits = LIMITS

    def read(self, content: bytes) -> ReadMovements:
        """Read a file. Raises `Rejected` if it cannot be read, or has no column of products or quantities."""
        file = read_columns(content, MOVEMENT_COLUMNS, self.limits, MAX_ROWS)
        missing = [name for name in ("product", "quantity") if name not in file.cells.column_names]
        if missing:
            names = ", ".join(one.name for one in MOVEMENT_COLUMNS)
            absent = " and no column ".join(missing)
            raise Rejected(f"The file has no column {absent}. Columns of such files are {names}.")
        return _Conversion(self, file).rows()


class _Conversion:
    """The columns of one file."""

    def __init__(self, reader: MovementReader, file: TableColumns) -> None:
        self._reader, self._defaults, self._file = reader, reader.defaults, file
        self._refusals = ColumnProblems(file.cells.num_rows)

    def rows(self) -> ReadMovements:
        defaults = self._defaults
        stores = self._stores()
        day, at = self._times(stores)
        columns = {
            "store": stores,
            "kind": self._converted("type", movement_columns.parse_kind, defaults.kind.value),
            "day": day,
            "product": self._products(stores),
            "quantity": self._converted("quantity", movement_columns.parse_quantity),
            "reason": self._converted("reason", movement_columns.parse_reason, defaults.reason),
            "reference": self._converted("reference", movement_columns.parse_reference, defaults.reference),
            "other_store": self._other_stores(stores),
        }
        self._check(columns)
        return ReadMovements(self._file, columns, at, self._refusals)

    def _converted(self, name: str, parse: Callable[[str], object], default: str = "") -> DistinctColumn:
        return self._texts(name, default).convert(parse, self._refusals)

    def _texts(self, name: str, default: str = "") -> DistinctColumn:
        return column_texts(self._file.cells, name, default)

    def _stores(self) -> DistinctColumn:
        codes = self._reader.codes
        cells = pair_columns(self._texts("region", self._defaults.region), self._texts("store", self._defaults.store))
        stores = cells.convert(lambda pair: codes.store(*pair), self._refusals)
        others = stores.where(lambda one: not codes.may_change(*one))
        message = "You cannot change the stock of this store."
        self._refusals.add_where(others, "store", message, "Leave the row out, or ask an administrator.")
        return stores

    def _products(self, stores: DistinctColumn) -> DistinctColumn:
        regions = stores.convert(lambda store: store[0], self._refusals)
        cells = pair_columns(regions, self._texts("product"))
        return cells.convert(lambda pair: self._reader.codes.product(*pair), self._refusals)

    def _other_stores(self, stores: DistinctColumn) -> DistinctColumn:
        def parse(pair: tuple[tuple[str, str], str]) -> str:
            (region, _), text = pair
            return self._reader.codes.store(region, text, "other_store")[1] if text else ""

        return pair_columns(stores, self._texts("other_store")).convert(parse, self._refusals)

    def _times(self, stores: DistinctColumn) -> tuple[DistinctColumn, Ints]:
        """The day of each row, and its instant."""
        default = MovementTime(self._defaults.day)
        days = self._converted(
            "date", lambda cell: movement_columns.parse_when(cell, self._reader.latest) if cell else default
        )
        own_second = self._converted("time", lambda cell: movement_columns.parse_time(cell) if cell else -1).numbers(
            int
        )
        second = np.where(own_second >= 0, own_second, days.numbers(lambda one: one.second))
        start = days.numbers(lambda one: (one.day - _EPOCH_DAY) // _DAY)
        exact = days.numbers(lambda one: _microseconds(one.at))
        local = self._to_utc(stores, (start * 86_400 + second) * _SECOND, (second >= 0) & (exact < 0))
        return days.convert(lambda one: one.day, self._refusals), np.where(exact >= 0, exact, local)

    def _to_utc(self, stores: DistinctColumn, wall: Ints, timed: Mask) -> Ints:
        at = np.full(len(wall), -1, np.int64)
        zones = stores.convert(lambda store: self._reader.zone_of(*store), self._refusals)
        for zone in filter(None, zones.values):
            rows = np.flatnonzero(timed & zones.where(partial(eq, zone)))
            at[rows], nonexistent, _ = to_utc(wall[rows], zone)
            words = "This time does not exist in the time zone of the store: clocks were put forward."
            problem = RowProblem("time", "", words, "Correct the time.")
            self._refusals.add(rows[nonexistent], [problem] * int(nonexistent.sum()))
        return at

    def _check(self, columns: dict[str, DistinctColumn]) -> None:
        """Refuse rows whose cells do not fit together."""
        kind, quantity, refuse = columns["kind"], columns["quantity"], self._refusals.add_where

        def is_one_of(kinds: frozenset[MovementKind]) -> Mask:
            return kind.where(lambda one: one in kinds)

        def is_empty(name: str) -> Mask:
            return columns[name].where(lambda text: text == "")

        wrong = quantity.where(lambda one: one < 0) & ~is_one_of(KINDS_BELOW_ZERO)
        refuse(wrong, "quantity", "The quantity must not be negative.", "Enter it without a minus sign.")
        wrong = quantity.where(lambda one: one == 0) & ~is_one_of(KINDS_OF_ZERO)
        refuse(wrong, "quantity", "The quantity must not be 0.", "Correct it, or leave the row out.")
        wrong = is_one_of(KINDS_WITH_REASON) & is_empty("reason")
        refuse(wrong, "reason", "Write-offs and adjustments need a reason.", "Enter a reason.")
        wrong = is_one_of(KINDS_WITH_REFERENCE | TRANSFER_KINDS) & is_empty("reference")
        refuse(wrong, "reference", "The row needs a reference.", "Enter the ID of the transfer or the sale.")
        same = pair_columns(columns["store"], columns["other_store"]).where(lambda pair: pair[0][1] == pair[1])
        wrong = is_one_of(TRANSFER_KINDS) & (is_empty("other_store") | same)
        refuse(wrong, "other_store", "A transfer needs two different stores.", "Enter the other store.")


def _microseconds(at: datetime | None) -> int:
    return -1 if at is None else round(at.astimezone(UTC).timestamp() * _SECOND)


@dataclass(frozen=True)
class MovementPlan:
    """What an import would record.

    rows: rows of the file without blank ones. good: rows without a problem. movements: of the good rows. added_up: good
    rows that count a product which another row of the same count contains.
    """

    read: ReadMovements
    rows: int
    good: int
    movements: Sequence[Movement]
    added_up: int

    @property
    def ignored_headers(self) -> Sequence[str]:
        return self.read.file.ignored_headers

    @property
    def refused(self) -> int:
        return self.rows - self.good

    def problems(self) -> Iterator[RowProblem]:
        """The problems of the rows."""
        return self.read.refusals.listed(self.read.file)

    def refused_rows(self) -> Iterator[str]:
        """The refused rows as lines of a CSV file, with their problems; corrected, they can be imported."""
        return self.read.refusals.rejected_rows(self.read.file)


def plan_movements(read: ReadMovements, day_part: DayPart) -> MovementPlan:
    """The movements that the good rows are; the same rows in another order are the same movements.

    day_part: of facts without a time of day.
    """
    good = np.flatnonzero(~read.refusals.mask)
    movements = [replace(one, day_part=day_part) for one in _movements_of_rows(read, good)]
    lines = sum(len(one.lines) for one in movements)
    file_digest = _digest([_content(one) for one in movements])
    named = [replace(one, movement_id=f"import-{_digest([file_digest, at])}") for at, one in enumerate(movements)]
    return MovementPlan(read, len(read.file.line) + len(read.file.unreadable), len(good), named, len(good) - lines)


def count_recorded(ports: Ports, movements: Sequence[Movement]) -> int:
    """Number of movements that were recorded before, and not cancelled."""
    return sum(_is_recorded(ports, one.movement_id) for one in _with_free_ids(ports, movements))


def record_imported(ports: Ports, movements: Sequence[Movement], *, by: str) -> int:
    """Record the movements; return how many are new. Idempotent. Raises as `record_imported`.

    A file whose movements were cancelled can be imported again.
    """
    return stored_movements.record_movements(ports, list(_with_free_ids(ports, movements)), by=by)


def _with_free_ids(ports: Ports, movements: Sequence[Movement]) -> Iterator[Movement]:
    for movement in movements:
        free, again = movement, 1
        while stored_movements.is_movement_cancelled(ports, free.movement_id):
            again += 1
            free = replace(movement, movement_id=f"{movement.movement_id}-{again}")
        yield free


def _is_recorded(ports: Ports, movement_id: str) -> bool:
    try:
        stored_movements.get_movement(ports, movement_id)
    except NotFound:
        return False
    return True


def _movements_of_rows(read: ReadMovements, good: Ints) -> Iterator[Movement]:
    """Movements without an ID, sorted by their content."""
    columns = {name: column.take(good) for name, column in read.columns.items()}
    counts = columns["kind"].where(lambda kind: kind is MovementKind.COUNT)
    group = reduce(
        pair_columns,
        (columns[name].blank_where(counts) if name in _NOT_OF_COUNTS else columns[name] for name in _GROUP),
    )
    product, quantity, at = columns["product"], columns["quantity"], read.at[good]
    order = np.lexsort((at, quantity.ranks(), product.ranks(), group.ranks()))
    sorted_groups = group.index[order]
    for rows in np.split(order, np.flatnonzero(np.diff(sorted_groups)) + 1) if len(order) else ():
        (((((region, store), kind), day), reason), reference), other_store = group.values[group.index[rows[0]]]
        lines = [
            MovementLine(product.values[code][1], quantity.values[units], _instant(micros))
            for code, units, micros in zip(
                product.index[rows].tolist(), quantity.index[rows].tolist(), at[rows].tolist(), strict=True
            )
        ]
        if kind is MovementKind.COUNT:
            lines = _added_up(lines, [product.values[code][0] for code in product.index[rows].tolist()])
        for first in range(0, len(lines), MAX_LINES):
            part = tuple(lines[first : first + MAX_LINES])
            yield Movement(
                "", kind, region, store, day, part, reason=reason, reference=reference, other_store=other_store
            )


def _added_up(lines: Sequence[MovementLine], products: Sequence[str]) -> list[MovementLine]:
    """One line for each product. products: (n,), that of each line; equal ones follow each other."""
    if len(set(products)) == len(products):
        return list(lines)
    added = []
    for _, grouped in groupby(zip(products, lines, strict=True), key=lambda one: one[0]):
        same = [line for _, line in grouped]
        times = [line.occurred_at for line in same if line.occurred_at]
        added.append(
            MovementLine(
                same[0].product_id, sum((line.quantity for line in same), Decimal(0)), max(times, default=None)
            )
        )
    return added


def _instant(microseconds: int) -> datetime | None:
    return None if microseconds < 0 else _EPOCH + timedelta(microseconds=microseconds)


def _content(movement: Movement) -> list[Any]:
    lines = [[one.product_id, decimal_text(one.quantity), str(one.occurred_at or "")] for one in movement.lines]
    texts = (movement.kind, movement.region, movement.store_id, movement.stock_date, movement.day_part)
    return [*map(str, texts), movement.reason, movement.reference, movement.other_store, lines]


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
