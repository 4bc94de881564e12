"""Units sold of products in stores by day, read from the warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa

import sql
from tillstream.forecasting.models.panel import Days, Floats, Ints
from tillstream.forecasting.sales import cells as cell_reader
from tillstream.forecasting.sales import out_of_stock
from tillstream.forecasting.sales.cells import Cells
from tillstream.forecasting.sales.places import number
from tillstream.ports.warehouse import Warehouse

CELL_KEY = ("region", "store_id", "category", "product")
RECENT = timedelta(days=16 * 7)
"""Time of recent sales: 96 open days of a week of six."""
SINCE = timedelta(days=366)
"""Time before the first day in which an earlier sale of a product in a store is searched for."""


class Line(NamedTuple):
    """A product in a store; the store is empty for sales without one."""

    region: str
    store_id: str
    product: str


@dataclass(frozen=True)
class PastSales:
    """Units by line and day. Cells without a sale are not stored."""

    lines: tuple[Line, ...]
    """Sorted."""
    categories: tuple[str, ...]
    """Of each line, the one with the most units."""
    days: Days
    """Axis of time, all days in order."""
    of_cell: Ints
    """Line of each cell, ascending."""
    steps: Ints
    """Day of each cell, as its place in `days`."""
    units: Floats
    first_steps: Ints
    """Place of the first day on sale of each line; 0 if it was on sale before."""
    out_of_stock: tuple[Ints, Ints]
    """Lines and days without stock, which are not observed; sorted by line."""

    def without(self, spans: pa.Table) -> "PastSales":
        """Return a copy with days out of stock.

        spans: region, store_id, product, first_day, and next_day: the first day with stock again, or NULL.
        """
        numbers = {line: number for number, line in enumerate(self.lines)}
        names = zip(*(spans.column(name).to_pylist() for name in Line._fields), strict=True)
        of_span = np.array([numbers.get(Line(*name), -1) for name in names], dtype=np.int64)
        rows = np.flatnonzero(of_span >= 0)
        rows = rows[np.argsort(of_span[rows], kind="stable")]
        starts, ends = out_of_stock.bounds(spans.take(rows), self.days[0].item(), len(self.days))
        lengths = np.maximum(ends - starts, 0)
        steps = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths - starts, lengths)
        return replace(self, out_of_stock=(np.repeat(of_span[rows], lengths), steps))

    def select(self, rows: Ints) -> "PastSales":
        """Return some lines, which are in ascending order."""
        numbers = np.full(len(self.lines), -1, dtype=np.int64)
        numbers[rows] = np.arange(len(rows))
        cells, absent = numbers[self.of_cell] >= 0, numbers[self.out_of_stock[0]] >= 0
        return replace(
            self,
            lines=tuple(self.lines[row] for row in rows.tolist()),
            categories=tuple(self.categories[row] for row in rows.tolist()),
            of_cell=numbers[self.of_cell[cells]],
            steps=self.steps[cells],
            units=self.units[cells],
            first_steps=self.first_steps[rows],
            out_of_stock=(numbers[self.out_of_stock[0][absent]], self.out_of_stock[1][absent]),
        )

    def dense(self, start: int, stop: int) -> Floats:
        """Return the units of the lines from `start` to `stop`, shape (lines, days).

        NaN before the first sale and on days out of stock.
        """
        values = np.zeros((stop - start, len(self.days)))
        first, last = np.searchsorted(self.of_cell, (start, stop))
        values[self.of_cell[first:last] - start, self.steps[first:last]] = self.units[first:last]
        values[np.arange(len(self.days)) < self.first_steps[start:stop, None]] = np.nan
        lines, steps = self.out_of_stock
        first, last = np.searchsorted(lines, (start, stop))
        values[lines[first:last] - start, steps[first:last]] = np.nan
        return values


def read(warehouse: Warehouse, first: date, last: date, regions: Sequence[str]) -> PastSales:
    """Return the units sold in some regions from `first` to `last`, without returns."""
    params = {"first": first, "last": last}
    cells = cell_reader.read(warehouse, "units", CELL_KEY, "units", params, regions)
    lines = sorted({Line(key[0], key[1], key[3]) for key in cells.keys})
    numbers = {line: code for code, line in enumerate(lines)}
    of_key = np.array([numbers[Line(key[0], key[1], key[3])] for key in cells.keys], dtype=np.int64)
    length = (last - first).days + 1
    ids, places = np.unique(of_key[cells.series] * length + cells.days - number(first), return_inverse=True)
    firsts = _first_days(warehouse, first - SINCE, last)
    first_days = np.array([number(firsts.get(line, first)) for line in lines], dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int64)
    return PastSales(
        tuple(lines),
        _main_categories(cells, of_key, len(lines)),
        np.datetime64(first, "D") + np.arange(length),
        ids // length,
        ids % length,
        np.bincount(places, cells.values, len(ids)).astype(np.float64),
        np.maximum(first_days - number(first), 0),
        (nothing, nothing),
    )


def _first_days(warehouse: Warehouse, first: date, last: date) -> dict[Line, date]:
    firsts: dict[Line, date] = {}
    for batch in warehouse.stream(sql.text("restock/first_sales"), {"first": first, "last": last}):
        table = pa.Table.from_batches([batch])
        columns = (table.column(name).fill_null("").to_pylist() for name in Line._fields)
        firsts.update(zip(map(Line, *columns), table.column("first_day").to_pylist(), strict=True))
    return firsts


def _main_categories(cells: Cells, of_key: Ints, lines: int) -> tuple[str, ...]:
    units = np.bincount(cells.series, cells.values, len(cells.keys))
    result = [""] * lines
    for key in np.argsort(units, kind="stable").tolist():  # the last one has the most units
        result[of_key[key]] = cells.keys[key][2]
    return tuple(result)
