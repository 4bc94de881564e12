"""Demand for every product in a store: from its forecast, from that of its category, else from recent sales."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.forecasting.evaluation.bands import GRID
from tillstream.forecasting.models.panel import DAILY, Bools, Floats, Ints
from tillstream.forecasting.models.seasonal_naive import seasonal_error
from tillstream.ports.warehouse import Warehouse
from tillstream.restock.combined import by_forecast
from tillstream.restock.demand import Source, SumDemand, concat
from tillstream.restock.keys import LINE, Keys, keys_of
from tillstream.restock.past_sales import PastSales
from tillstream.restock.recent_sales import dispersions_of, recent_sales

CHUNK = 10_000
"""Lines whose days are in memory together; few, so that they fit into the cache of the processor."""
SAMPLE = 5_000
"""Lines whose dispersion is pooled."""
NODE = ("region", "store_id", "category", "product")
"""Columns of the key of a forecast."""
PROBABILITIES = np.array(GRID)
"""Those for which forecasts have errors of sums."""


def estimate(warehouse: Warehouse, past: PastSales, days: Ints, today: date, rows: Ints | None = None) -> SumDemand:
    """Return the demand for lines of past sales over their number of days from `today` on.

    rows: places of these lines in `past`, by default all. The others have a share in the forecasts of categories.
    days: shape (rows,). A line without a forecast of so many days has its recent sales, all days of `past`.
    """
    if rows is None:
        return _of_all(warehouse, past, days, today)
    of_all = np.full(len(past.lines), days.max(initial=1))
    of_all[rows] = days
    return _of_all(warehouse, past, of_all, today).at(rows)


def _of_all(warehouse: Warehouse, past: PastSales, days: Ints, today: date) -> SumDemand:
    recent, scales = _from_sales(past, days)
    if not len(past.lines):
        return recent
    forecasts = _read(warehouse, today, int(days.max()))
    nodes = forecasts.nodes_of(past)
    reaches = np.append(forecasts.reaches, 0)  # of node -1, no forecast
    has_forecast = (reaches[nodes] >= days) & np.isin(days, np.array(list(forecasts.errors), dtype=np.int64))
    rows = np.flatnonzero(has_forecast)
    if not len(rows):
        return recent
    node, is_shared = nodes[rows], forecasts.is_rest[nodes[rows]]
    totals = np.bincount(nodes + 1, recent.daily)[1:]
    share = np.where(is_shared, recent.daily[rows] / np.maximum(totals[node], np.finfo(np.float64).tiny), 1.0)
    means = forecasts.means.cumsum(axis=1)[node, days[rows] - 1] * share
    scale = np.where(is_shared, scales[rows], forecasts.scales[node])
    lengths, length = np.unique(days[rows], return_inverse=True)
    errors = scale[:, None] * np.array([forecasts.errors[each] for each in lengths.tolist()])[length]
    sources = np.where(is_shared, Source.CATEGORY_FORECAST, Source.FORECAST).astype(np.int64)
    return recent.replaced(rows, by_forecast(means, errors, recent.at(rows), sources))


def _from_sales(past: PastSales, days: Ints) -> tuple[SumDemand, Floats]:
    """Demand from recent sales, and the usual change from week to week of each line."""
    count = len(past.lines)
    sample = np.unique(np.linspace(0, max(count - 1, 0), min(count, SAMPLE)).astype(np.int64))
    dispersions = dispersions_of(past.select(sample).dense(0, len(sample)), days, PROBABILITIES)
    parts, scales = [], [np.zeros(0)]
    for start in range(0, count, CHUNK):
        units = past.dense(start, min(start + CHUNK, count))
        parts.append(recent_sales(units, days[start : start + CHUNK], PROBABILITIES, dispersions))
        scales.append(seasonal_error(units, DAILY))
    empty = recent_sales(np.zeros((0, len(past.days))), days[:0], PROBABILITIES)
    return concat([empty, *parts]), np.concatenate(scales)


@dataclass(frozen=True)
class _Forecasts:
    """Forecasts by node: a product in a store, or all other products of a category in a store."""

    nodes: Keys
    """Of `NODE`: either category or product is empty."""
    means: Floats
    """By day from today on; shape (nodes, days)."""
    scales: Floats
    reaches: Ints
    """Number of the last day of each node."""
    is_rest: Bools
    errors: dict[int, Floats]
    """Number of days → scaled errors of sums by probability."""

    def nodes_of(self, past: PastSales) -> Ints:
        """Return the node of each line; -1 if it has no forecast."""
        region, store, product = (past.lines.column(place) for place in range(len(LINE)))
        empty = pa.repeat("", len(past.lines))
        own = self.nodes.find([region, store, empty, product])
        return np.where(own >= 0, own, self.nodes.find([region, store, past.categories, empty]))


def _read(warehouse: Warehouse, today: date, days: int) -> _Forecasts:
    rows = warehouse.query(sql.text("restock/forecasts"), {"first": today, "days": days})
    nodes, of_row = keys_of([rows.column(name) for name in NODE])
    day, mean, scale = (_floats(rows, name) for name in ("day", "mean", "scale"))
    means, scales, reaches = np.zeros((len(nodes), days)), np.zeros(len(nodes)), np.zeros(len(nodes), dtype=np.int64)
    means[of_row, day.astype(np.int64) - 1] = mean
    scales[of_row] = scale
    np.maximum.at(reaches, of_row, day.astype(np.int64))
    is_rest = np.asarray(pc.equal(nodes.column(NODE.index("product")), ""))
    return _Forecasts(nodes, means, scales, reaches, is_rest, _sum_errors(warehouse))


def _sum_errors(warehouse: Warehouse) -> dict[int, Floats]:
    """Only numbers of days with an error for every probability."""
    errors: dict[int, dict[float, float]] = {}
    for row in warehouse.query(sql.text("restock/sum_errors")).to_pylist():
        errors.setdefault(row["days"], {})[float(row["probability"])] = float(row["error"])
    return {days: np.array([of[each] for each in GRID]) for days, of in errors.items() if len(of) == len(GRID)}


def _floats(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows.column(name).cast(pa.float64()).to_numpy())
