"""Demand for products in stores over the days that an order has to last: from forecasts, else from recent sales.

Demand from recent sales is the mean of two estimates. One is the quantiles of the sums over all runs of days of a
product itself. The other is the level of its latest days with the dispersion of all products that sell about as much; a
product with a short history has this one only. Together they need less stock for the same service than each of them:
see `bench.restock`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.forecasting.error_bands import GRID
from tillstream.forecasting.models.panel import DAILY, Bools, Floats, Ints, mean_or_zero
from tillstream.forecasting.models.seasonal_models import seasonal_error
from tillstream.ports.warehouse import Warehouse
from tillstream.stock.past_sales import PastSales
from tillstream.stock.row_keys import LINE_COLUMNS, Keys, keys_of

CLASS_STEP = 4.0
"""Products whose expected units differ by less than this factor are pooled."""
LEAST_EXPECTED = 1 / 16
"""Expected units below which ratios are computed with this number: ratios to a number near zero explode."""
MAX_RATIO = 5.0
"""A sum counts as at most this multiple of its expected units, or of one unit."""

OPEN_DAYS = 96
"""Open days whose sales are used."""
OWN_SHARE = 0.5
"""Weight of the quantiles of the product itself."""
FEWEST_SUMS = 28
"""Number of sums from which on a product has quantiles of its own."""
FEWEST_DAYS = 0.5
"""Share of the days of a sum that must be observed."""

ERRORS_SHARE = 0.5
"""Weight of the errors of earlier forecasts; the rest is that of recent sales."""

CHUNK_LINES = 10_000
"""Lines whose days are in memory together; few, so that they fit into the cache of the processor."""
SAMPLE_LINES = 5_000
"""Lines whose dispersion is pooled."""
NODE_COLUMNS = ("region", "store_id", "category", "product")
"""Columns of the key of a forecast."""
PROBABILITIES = np.array(GRID)
"""Those for which forecasts have errors of sums."""


class DemandSource(IntEnum):
    """What the demand of a line is computed from."""

    FORECAST = 0
    CATEGORY_FORECAST = 1
    """The forecast of all other products of the store and category, shared out by recent sales."""
    RECENT_SALES = 2
    SIMILAR_SALES = 3
    """Recent sales at the level of the product, with the dispersion of products with longer histories."""

    @property
    def method(self) -> str:
        """`forecast` or `recent sales`."""
        return "forecast" if self <= DemandSource.CATEGORY_FORECAST else "recent sales"


@dataclass(frozen=True)
class SumDemand:
    """Demand for lines, which are products in stores, over a number of days each.

    Quantiles are those of the sum, never sums of daily quantiles.
    """

    probabilities: Floats
    """Shape (probabilities,), ascending, in (0, 1)."""
    quantiles: Floats
    """Units; shape (lines, probabilities), ascending in each line."""
    days: Ints
    """Lead time plus review period; shape (lines,)."""
    daily: Floats
    """Expected units a day; shape (lines,)."""
    sources: Ints
    """`DemandSource` of each line; shape (lines,)."""

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.quantiles)

    def at(self, rows: Ints | slice) -> "SumDemand":
        """Return the demand for some lines."""
        return SumDemand(
            self.probabilities, self.quantiles[rows], self.days[rows], self.daily[rows], self.sources[rows]
        )

    def replaced(self, rows: Ints, other: "SumDemand") -> "SumDemand":
        """Return a copy in which `rows` are the lines of another demand with the same probabilities."""
        copy = SumDemand(
            self.probabilities, self.quantiles.copy(), self.days.copy(), self.daily.copy(), self.sources.copy()
        )
        copy.quantiles[rows], copy.days[rows] = other.quantiles, other.days
        copy.daily[rows], copy.sources[rows] = other.daily, other.sources
        return copy


def concat_demand(parts: Sequence[SumDemand]) -> SumDemand:
    """Return the lines of all parts, which have the same probabilities, in order."""
    return SumDemand(
        parts[0].probabilities,
        np.concatenate([each.quantiles for each in parts]),
        np.concatenate([each.days for each in parts]),
        np.concatenate([each.daily for each in parts]),
        np.concatenate([each.sources for each in parts]),
    )


@dataclass(frozen=True)
class Dispersion:
    """Quantiles of sums ÷ expected units."""

    probabilities: Floats
    classes: Ints
    """Classes of expected units, ascending."""
    ratios: Floats
    """Shape (classes, probabilities)."""

    def quantiles(self, expected: Floats) -> Floats:
        """Return quantiles of sums with some expected units, each from the nearest class."""
        if not len(self.classes):
            return _of_counts(expected, self.probabilities)
        middles = (self.classes[1:] + self.classes[:-1]) / 2
        return np.asarray(expected[:, None] * self.ratios[np.searchsorted(middles, _class_of(expected))])


Dispersions = Mapping[int, Dispersion]
"""Number of days → dispersion of the sums over them."""


def pool_dispersion(sums: Floats, expected: Floats, probabilities: Floats) -> Dispersion:
    """Return the dispersion of sums of lines; shapes (lines, sums), NaN where not observed, and (lines,).

    Without sums it is that of counts with a variance equal to the expected units.
    """
    level = np.maximum(expected, LEAST_EXPECTED)
    ratios = np.minimum(sums, MAX_RATIO * np.maximum(level, 1.0)[:, None]) / level[:, None]
    of_line = _class_of(expected)
    classes = np.unique(of_line[np.isfinite(ratios).any(axis=1)])
    pooled = np.zeros((len(classes), len(probabilities)))
    for number, each in enumerate(classes.tolist()):
        of_class = ratios[of_line == each]
        pooled[number] = np.quantile(of_class[np.isfinite(of_class)], probabilities)
    return Dispersion(probabilities, classes, pooled)


def _class_of(expected: Floats) -> Ints:
    levels = np.log(np.maximum(expected, LEAST_EXPECTED)) / np.log(CLASS_STEP)
    return np.asarray(np.floor(np.round(levels, 9)), dtype=np.int64)


def _of_counts(expected: Floats, probabilities: Floats) -> Floats:
    deviations = np.array([NormalDist().inv_cdf(each) for each in probabilities.tolist()])
    return np.asarray(np.maximum(expected[:, None] + np.sqrt(expected)[:, None] * deviations, 0.0))


def demand_of_recent_sales(
    units: Floats, days: Ints, probabilities: Floats, dispersions: Dispersions | None = None
) -> SumDemand:
    """Return the demand over `days` of each line from its units of past days, in order of time.

    units: shape (lines, past days); NaN on days out of stock and before the first sale. Closed days are 0 if they
        count as days of the lead time, else they are left out.
    days: shape (lines,).
    dispersions: of all products; by default of these lines.
    """
    if dispersions is None:
        dispersions = dispersions_of(units, days, probabilities)
    daily, latest = _levels(units)
    quantiles = np.zeros((len(units), len(probabilities)))
    sources = np.full(len(units), DemandSource.SIMILAR_SALES, dtype=np.int64)
    for length in np.unique(days).tolist():
        rows = np.flatnonzero(days == length)
        sums = rolling_sums(units[rows], length)
        weight = np.where(_is_long(sums), OWN_SHARE, 0.0)
        similar = dispersions[length].quantiles(latest[rows] * length)
        quantiles[rows] = weight[:, None] * row_quantiles(sums, probabilities) + (1 - weight)[:, None] * similar
        daily[rows] = weight * daily[rows] + (1 - weight) * latest[rows]
        sources[rows[weight > 0]] = DemandSource.RECENT_SALES
    return SumDemand(probabilities, quantiles, np.asarray(days, dtype=np.int64), daily, sources)


def dispersions_of(units: Floats, lengths: Ints, probabilities: Floats) -> Dispersions:
    """Return the dispersion of the sums over each number of days, of the lines with enough sums."""
    daily, _ = _levels(units)
    result = {}
    for length in np.unique(lengths).tolist():
        sums = rolling_sums(units, length)
        is_long = _is_long(sums)
        result[length] = pool_dispersion(sums[is_long], daily[is_long] * length, probabilities)
    return result


def rolling_sums(units: Floats, length: int) -> Floats:
    """Return the sums over all runs of `length` days; shape (lines, days − length + 1).

    Days that are not observed have the mean of the others in the run. A run with less than half of its days observed
    is NaN.
    """
    observed = np.isfinite(units)
    sums, counts = _runs(np.where(observed, units, 0.0), length), _runs(observed, length)
    return np.where(counts >= max(FEWEST_DAYS * length, 1), sums * (length / np.maximum(counts, 1)), np.nan)


def row_quantiles(values: Floats, probabilities: Floats) -> Floats:
    """Return quantiles of the finite values of each row, linear between them; 0 for a row without any."""
    if not values.shape[1]:
        return np.zeros((len(values), len(probabilities)))
    ordered = np.sort(values, axis=1)  # NaN is last
    last = np.maximum(np.isfinite(values).sum(axis=1) - 1, 0)[:, None]
    position = probabilities * last
    low = position.astype(np.int64)
    below, above = (np.take_along_axis(ordered, each, axis=1) for each in (low, np.minimum(low + 1, last)))
    return np.asarray(np.nan_to_num(below + (position - low) * (above - below)))


def _levels(units: Floats) -> tuple[Floats, Floats]:
    """Mean of the observed days, and that of those in the second half of the days, if any is observed there."""
    second_half = units[:, units.shape[1] // 2 :]
    mean, latest = mean_or_zero(units), mean_or_zero(second_half)
    return mean, np.where(np.isfinite(second_half).any(axis=1), latest, mean)


def _is_long(sums: Floats) -> Bools:
    return np.asarray(np.isfinite(sums).sum(axis=1) >= FEWEST_SUMS)


def _runs(values: Floats | Bools, length: int) -> Floats:
    """Sums over all runs of days."""
    if values.shape[1] < length:
        return np.zeros((len(values), 0))
    totals = np.cumsum(values, axis=1, dtype=np.float64)
    sums = totals[:, length - 1 :].copy()
    sums[:, 1:] -= totals[:, :-length]
    return sums


def demand_by_forecast(means: Floats, errors: Floats, recent: SumDemand, sources: Ints) -> SumDemand:
    """Return the demand of lines around the means of their forecasts.

    Errors of earlier forecasts are pooled over all products, and recent sums are those of each product. Their mean
    needs less stock at high fill rates than either: see `bench.restock`.

    means: of the sums; shape (lines,). errors: quantiles of the errors of the sums; shape (lines, probabilities).
    recent: demand for the same lines and days by recent sales.
    """
    spread = recent.quantiles - (recent.daily * recent.days)[:, None]
    quantiles = np.maximum(means[:, None] + ERRORS_SHARE * errors + (1 - ERRORS_SHARE) * spread, 0.0)
    return SumDemand(recent.probabilities, quantiles, recent.days, means / recent.days, sources)


def estimate_demand(
    warehouse: Warehouse, past: PastSales, days: Ints, today: date, rows: Ints | None = None
) -> SumDemand:
    """Return the demand for lines of past sales over their number of days from `today` on.

    rows: places of these lines in `past`, by default all. The others have a share in the forecasts of categories.
    days: shape (rows,). A line without a forecast of so many days has its recent sales, all days of `past`.
    """
    if rows is None:
        return _estimate_all(warehouse, past, days, today)
    of_all = np.full(len(past.lines), days.max(initial=1))
    of_all[rows] = days
    return _estimate_all(warehouse, past, of_all, today).at(rows)


def _estimate_all(warehouse: Warehouse, past: PastSales, days: Ints, today: date) -> SumDemand:
    recent, scales = _from_sales(past, days)
    if not len(past.lines):
        return recent
    forecasts = _read_forecasts(warehouse, today, int(days.max()))
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
    sources = np.where(is_shared, DemandSource.CATEGORY_FORECAST, DemandSource.FORECAST).astype(np.int64)
    return recent.replaced(rows, demand_by_forecast(means, errors, recent.at(rows), sources))


def _from_sales(past: PastSales, days: Ints) -> tuple[SumDemand, Floats]:
    """Demand from recent sales, and the usual change from week to week of each line."""
    count = len(past.lines)
    sample = np.unique(np.linspace(0, max(count - 1, 0), min(count, SAMPLE_LINES)).astype(np.int64))
    dispersions = dispersions_of(past.select(sample).dense(0, len(sample)), days, PROBABILITIES)
    parts, scales = [], [np.zeros(0)]
    for start in range(0, count, CHUNK_LINES):
        units = past.dense(start, min(start + CHUNK_LINES, count))
        parts.append(demand_of_recent_sales(units, days[start : start + CHUNK_LINES], PROBABILITIES, dispersions))
        scales.append(seasonal_error(units, DAILY))
    empty = demand_of_recent_sales(np.zeros((0, len(past.days))), days[:0], PROBABILITIES)
    return concat_demand([empty, *parts]), np.concatenate(scales)


@dataclass(frozen=True)
class _Forecasts:
    """Forecasts by node: a product in a store, or all other products of a category in a store."""

    nodes: Keys
    """Of `NODE_COLUMNS`: either category or product is empty."""
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
        region, store, product = (past.lines.column(place) for place in range(len(LINE_COLUMNS)))
        empty = pa.repeat("", len(past.lines))
        own = self.nodes.find([region, store, empty, product])
        return np.where(own >= 0, own, self.nodes.find([region, store, past.categories, empty]))


def _read_forecasts(warehouse: Warehouse, today: date, days: int) -> _Forecasts:
    rows = warehouse.query(sql.text("restock/forecasts"), {"first": today, "days": days})
    nodes, of_row = keys_of([rows.column(name) for name in NODE_COLUMNS])
    day, mean, scale = (float_column(rows, name) for name in ("day", "mean", "scale"))
    means, scales, reaches = np.zeros((len(nodes), days)), np.zeros(len(nodes)), np.zeros(len(nodes), dtype=np.int64)
    means[of_row, day.astype(np.int64) - 1] = mean
    scales[of_row] = scale
    np.maximum.at(reaches, of_row, day.astype(np.int64))
    is_rest = np.asarray(pc.equal(nodes.column(NODE_COLUMNS.index("product")), ""))
    return _Forecasts(nodes, means, scales, reaches, is_rest, _sum_errors(warehouse))


def _sum_errors(warehouse: Warehouse) -> dict[int, Floats]:
    """Only numbers of days with an error for every probability."""
    errors: dict[int, dict[float, float]] = {}
    for row in warehouse.query(sql.text("restock/sum_errors")).to_pylist():
        errors.setdefault(row["days"], {})[float(row["probability"])] = float(row["error"])
    return {days: np.array([of[each] for each in GRID]) for days, of in errors.items() if len(of) == len(GRID)}


def float_column(rows: pa.Table, name: str) -> Floats:
    """A column as numbers; NaN for NULL."""
    return np.asarray(rows.column(name).cast(pa.float64()).to_numpy())
