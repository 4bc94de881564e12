"""Units sold of products in stores by day, read from the warehouse, and what a unit is worth."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from sql.limits import EVERY_LINE
from tillstream.forecasting import regressors
from tillstream.forecasting.models.panel import DAY, Bools, Days, Floats, Ints
from tillstream.forecasting.sales_reading import latest_rates
from tillstream.forecasting.sales_series import day_number
from tillstream.ports.warehouse import Warehouse
from tillstream.stock.row_keys import LINE_COLUMNS, Keys, encode_texts, keys_of, params_of_stores

RECENT_TIME = timedelta(days=16 * 7)
"""Time of recent sales: 96 open days of a week of six."""
_NO_CELLS = pa.table(
    {name: pa.array([], pa.string()) for name in (*LINE_COLUMNS, "category")}
    | {"sale_date": pa.array([], pa.date32()), "units": pa.array([], pa.float64())}
)
SINCE, LATELY = timedelta(days=366), timedelta(days=28)
"""Times before the first day in which an earlier sale of a product in a store is searched for: of all, and at first."""
PRODUCT_PLACE = LINE_COLUMNS.index("product")


@dataclass(frozen=True)
class PastSales:
    """Units by line and day. Cells without a sale are not stored."""

    lines: Keys
    """Products in stores."""
    categories: pa.Array
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
        of_span = self.lines.find([spans.column(name) for name in LINE_COLUMNS])
        rows = np.flatnonzero(of_span >= 0)
        rows = rows[np.argsort(of_span[rows], kind="stable")]
        starts, ends = regressors.span_bounds(spans.take(rows), self.days[0].item(), len(self.days))
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
            lines=self.lines.at(rows),
            categories=self.categories.take(pa.array(rows)),
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


def read_past_sales(
    warehouse: Warehouse,
    first: date,
    last: date,
    regions: Sequence[str],
    *,
    stores: Sequence[str] | None = None,
    only: Keys | None = None,
) -> PastSales:
    """Return the units sold in some regions from `first` to `last`, without returns.

    stores: stores whose sales are needed; those of other stores can be among them. None: all. only: products in stores;
    those without units are left out. None: all.
    """
    of_lines = dict(EVERY_LINE) if stores is None else params_of_stores(stores)
    if only is not None:
        of_lines = only.parameters()
    cells = _sales_cells(warehouse, {"first": first, "last": last} | of_lines, regions)
    if only is not None:
        cells = cells.filter(pa.array(only.find([cells.column(name) for name in LINE_COLUMNS]) >= 0))
    lines, of_row = keys_of([cells.column(name) for name in LINE_COLUMNS])
    days = cells.column("sale_date").cast(pa.int32()).to_numpy().astype(np.int64)
    values = cells.column("units").cast(pa.float64()).fill_null(0.0).to_numpy()
    length = (last - first).days + 1
    ids, places = np.unique(of_row * length + days - day_number(first), return_inverse=True)
    nothing = np.zeros(0, dtype=np.int64)
    return PastSales(
        lines,
        _main_categories(encode_texts(cells.column("category")), of_row, values, len(lines)),
        np.datetime64(first, "D") + DAY * np.arange(length),
        ids // length,
        ids % length,
        np.bincount(places, values, len(ids)).astype(np.float64),
        _first_steps(warehouse, lines, first, last),
        (nothing, nothing),
    )


def _sales_cells(warehouse: Warehouse, params: dict[str, Any], regions: Sequence[str]) -> pa.Table:
    """Rows of sql/forecasts/units; texts as codes, so that memory is that of numbers."""
    wanted, parts = pa.array(regions, pa.string()), []
    for batch in warehouse.stream(sql.text("forecasts/units"), params):
        table = pa.Table.from_batches([batch])
        table = table.filter(pc.is_in(table.column("region"), wanted))
        for name in (*LINE_COLUMNS, "category"):
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, encode_texts(table.column(name)))
        parts.append(table)
    return pa.concat_tables(parts).unify_dictionaries() if parts else _NO_CELLS


def _first_steps(warehouse: Warehouse, lines: Keys, first: date, last: date) -> Ints:
    """Place of the first day on sale of each line, from `first` on.

    Most lines were sold in the weeks before `first`; only for products of the others, a year is read.
    """
    steps, of_lines = np.full(len(lines), -1, dtype=np.int64), lines.parameters()
    for since, until in ((first - LATELY, first - timedelta(days=1)), (first - SINCE, last)):
        open_lines = steps < 0
        products = lines.distinct(PRODUCT_PLACE, np.flatnonzero(open_lines))
        if not products:
            break
        params = of_lines | {"first": since, "last": until, "products": products}
        for batch in warehouse.stream(sql.text("restock/first_sales"), params):
            table = pa.Table.from_batches([batch])
            rows = lines.find([table.column(name) for name in LINE_COLUMNS])
            days = table.column("first_day").cast(pa.int32()).to_numpy().astype(np.int64)
            is_open = (rows >= 0) & open_lines[rows]
            steps[rows[is_open]] = np.maximum(days[is_open] - day_number(first), 0)
    return np.maximum(steps, 0)


def _main_categories(categories: pa.DictionaryArray, of_row: Ints, values: Floats, lines: int) -> pa.Array:
    names = categories.dictionary
    pairs, of_pair = np.unique(of_row * len(names) + categories.indices.to_numpy(), return_inverse=True)
    units = np.bincount(of_pair, values, len(pairs))
    best = np.zeros(lines, dtype=np.int64)
    ranking = np.argsort(units, kind="stable")  # the last pair of a line has the most units
    best[pairs[ranking] // len(names)] = pairs[ranking] % len(names)
    return names.take(pa.array(best))


@dataclass(frozen=True)
class UnitValues:
    """Values of lines in the reporting currency."""

    currency: str
    values: Floats
    """Money per unit; NaN without an exchange rate. Shape (lines,)."""
    is_cost: Bools


def read_unit_values(warehouse: Warehouse, lines: Keys, first: date, last: date) -> UnitValues:
    """Return the mean cost of the units of each product that its region sold from `first` to `last`, else their mean
    price, at the latest rates. Refreshes the daily totals, and reads these.

    lines: keys of products in stores.
    """
    warehouse.refresh_totals()
    currency, rates = latest_rates(warehouse)
    params = {"first": first, "last": last, "products": lines.distinct(LINE_COLUMNS.index("product"))}
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * 4)  # units, net, units with a cost, cost
    for row in warehouse.query(sql.text("restock/unit_values"), params).to_pylist():
        of_product = sums[row["region"], row["product"]]
        if row["currency"] in rates:
            of_product[0] += float(row["units"])
            of_product[1] += float(row["net"]) * rates[row["currency"]]
        if row["costed_units"] and row["cost_currency"] in rates:
            of_product[2] += float(row["costed_units"])
            of_product[3] += float(row["cost"]) * rates[row["cost_currency"]]
    of_lines = np.array([sums[region, product] for region, _, product in lines]).reshape(-1, 4)
    units, net, costed_units, cost = of_lines.T
    is_cost = costed_units > 0
    total, count = np.where(is_cost, cost, net), np.where(is_cost, costed_units, units)
    return UnitValues(currency, np.where(count > 0, total / np.where(count > 0, count, 1), np.nan), is_cost)
