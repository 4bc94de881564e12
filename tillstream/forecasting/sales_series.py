"""Series of sales on a time axis: cells of a query, the days on which stores were open, and the history of all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import (
    DAILY,
    DAY,
    WEEKLY,
    Bools,
    Days,
    Floats,
    Grain,
    Holidays,
    Ints,
    Regressor,
)
from tillstream.ports.warehouse import Warehouse

LONG_GAP = 28
"""Days without a sale from which on a store was closed."""
WINDOW_STEPS = 13
"""Occurrences of a weekday before and after a day that are compared with it."""
USUAL_SHARE = 0.9
"""Share of days of a weekday with a sale from which on a day without one is an exception: the store was closed. With a
lower share above 0, a sale on the day was not certain, and nothing was sold."""

SHORTEST_HISTORY = 8
"""Weeks from which on sales that all have the same weekday are totals of weeks."""
HOLIDAYS_BEFORE, HOLIDAYS_AFTER = timedelta(days=366), timedelta(days=60)
"""Time around the axis whose holidays are read."""


@dataclass(frozen=True)
class SalesCells:
    """One amount per row: its series, the number of its day since 1970, and its value."""

    keys: list[tuple[str, ...]]
    """What each series is of, in the order of the key columns; empty text for NULL."""
    series: Ints
    days: Ints
    values: Floats


def read_cells(
    warehouse: Warehouse,
    query: str,
    columns: Sequence[str],
    value: str,
    params: Mapping[str, Any],
    regions: Sequence[str],
) -> SalesCells:
    """Run a query of sql/forecasts and keep the rows of the regions."""
    numbers: dict[tuple[str, ...], int] = {}
    parts: list[tuple[Ints, Ints, Floats]] = []
    for batch in warehouse.stream(sql.text(f"forecasts/{query}"), params):
        table = pa.Table.from_batches([batch])
        table = table.filter(pc.is_in(table.column("region"), pa.array(regions, pa.string())))
        if table.num_rows:
            days = table.column("sale_date").cast(pa.int32()).to_numpy().astype(np.int64)
            values = table.column(value).cast(pa.float64()).fill_null(0.0).to_numpy()
            parts.append((_series(table, columns, numbers), days, values))
    if not parts:
        return SalesCells([], np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    series, days, values = (np.concatenate(each) for each in zip(*parts, strict=True))
    return SalesCells(list(numbers), series, days, values)


def _series(table: pa.Table, columns: Sequence[str], numbers: dict[tuple[str, ...], int]) -> Ints:
    """Number of the series of each row; new series are added to `numbers`."""
    encoded = [table.column(each).combine_chunks().fill_null("").dictionary_encode() for each in columns]
    codes = tuple(each.indices.to_numpy() for each in encoded)
    sizes = tuple(len(each.dictionary) for each in encoded)
    combined, of_row = np.unique(np.ravel_multi_index(codes, sizes), return_inverse=True)
    texts = [each.dictionary.to_pylist() for each in encoded]
    codes_of_keys = []
    for row in np.column_stack(np.unravel_index(combined, sizes)):
        key = tuple(text[code] for text, code in zip(texts, row, strict=True))
        codes_of_keys.append(numbers.setdefault(key, len(numbers)))
    return np.array(codes_of_keys, dtype=np.int64)[of_row]


def open_days(sold: Bools, is_holiday: Bools, step: int) -> Bools:
    """Return on which steps each store was open.

    `sold` and `is_holiday` have the shape (stores, steps); a step has `step` days, 1 or 7. A store is closed before its
    first sale, in long gaps, and on holidays without a sale.
    """
    season = 7 if step == 1 else 1
    may_be_open = ~is_holiday & ~_in_long_gap(sold, LONG_GAP // step)
    result = sold.copy()
    for first in range(season):
        weekday = slice(first, None, season)
        counted = may_be_open[:, weekday]
        days = _around(counted)
        shares = np.divide(_around(sold[:, weekday] & counted), days, out=np.zeros_like(days), where=days > 0)
        result[:, weekday] |= counted & (shares > 0) & (shares < USUAL_SHARE)
    return result


def _in_long_gap(sold: Bools, longest: int) -> Bools:
    """Steps without a sale in a row of at least `longest`, and all before the first sale."""
    steps = np.arange(sold.shape[1])
    before = np.maximum.accumulate(np.where(sold, steps, -1), axis=1)
    after = np.minimum.accumulate(np.where(sold, steps, len(steps))[:, ::-1], axis=1)[:, ::-1]
    result: Bools = ~sold & ((before < 0) | (after - before > longest))
    return result


def _around(days: Bools) -> Floats:
    """Number of true days among those up to `WINDOW_STEPS` before and after each."""
    sums = np.pad(days.cumsum(axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    place = np.arange(days.shape[1])
    end = np.minimum(place + WINDOW_STEPS + 1, days.shape[1])
    return np.asarray(sums[:, end] - sums[:, np.maximum(place - WINDOW_STEPS, 0)])


@dataclass(frozen=True)
class TimeAxis:
    """The steps of the history and those ahead."""

    grain: Grain
    first: date
    """Last day of the first step."""
    steps: int
    ahead: int

    def step(self, days: Ints) -> Ints:
        """Return the steps of days, which are numbers since 1970."""
        return np.asarray(-(-(days - day_number(self.first)) // self.grain.days))

    @property
    def days(self) -> Days:
        """First day of each step, with those ahead."""
        start = np.datetime64(self.first, "D") - self.grain.to_last
        return np.asarray(start + self.grain.days * DAY * np.arange(self.steps + self.ahead))


@dataclass(frozen=True)
class SalesPlaces:
    """What is known of stores."""

    axis: TimeAxis
    last_days: Mapping[str, date]
    """Last day with sales of each region."""
    stores: Mapping[tuple[str, str], int]
    """Region and store → number."""
    is_open: Bools
    """Shape (stores, steps)."""
    countries: Ints
    """Number of the holidays of each store."""
    holidays: tuple[Holidays, ...]


def time_axis_of(cells: SalesCells, first: date, last: date, horizons: Mapping[str, int]) -> TimeAxis:
    """Return an axis of weeks if all sales have the same weekday, on which a week ends; otherwise one of days.

    `horizons` are numbers of steps ahead by grain.
    """
    length = (last - first).days
    if len(np.unique(cells.days % 7)) == 1 and length >= SHORTEST_HISTORY * WEEKLY.days:
        return TimeAxis(WEEKLY, first, length // WEEKLY.days + 1, horizons[WEEKLY.name])
    return TimeAxis(DAILY, first, length + 1, horizons[DAILY.name])


def read_places(warehouse: Warehouse, cells: SalesCells, axis: TimeAxis, last_days: Mapping[str, date]) -> SalesPlaces:
    """Return the stores of sales, whose keys are region, store, category, currency and country."""
    stores = {name: code for code, name in enumerate(sorted({(key[0], key[1]) for key in cells.keys}))}
    of_key = np.array([stores[key[0], key[1]] for key in cells.keys], dtype=np.int64)
    sold = np.zeros((len(stores), axis.steps), dtype=bool)
    sold[of_key[cells.series], axis.step(cells.days)] = True
    countries = [Counter[str]() for _ in stores]
    for key, store in zip(cells.keys, of_key.tolist(), strict=True):
        countries[store][key[4]] += 1
    names = [each.most_common(1)[0][0] for each in countries]
    codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
    of_store = np.array([codes[name] for name in names], dtype=np.int64)
    holidays = _holidays(warehouse, list(codes), axis)
    is_daily = axis.grain.days == DAILY.days
    is_holiday = np.array([is_daily & np.isin(axis.days[: axis.steps], each.days) for each in holidays])[of_store]
    return SalesPlaces(axis, last_days, stores, open_days(sold, is_holiday, axis.grain.days), of_store, holidays)


def day_number(day: date) -> int:
    """Return the number of a day since 1970."""
    return int(np.datetime64(day, "D").astype(np.int64))


def _holidays(warehouse: Warehouse, countries: Sequence[str], axis: TimeAxis) -> tuple[Holidays, ...]:
    params = {"first": axis.first - HOLIDAYS_BEFORE, "last": axis.days[-1].item() + HOLIDAYS_AFTER}
    rows = warehouse.query(sql.text("reference/holidays"), params).to_pylist()
    read = []
    for country in countries:
        own = sorted((row["holiday_date"], row["name"]) for row in rows if row["country"] == country)
        names = {name: code for code, name in enumerate(sorted({name for _, name in own}))}
        days = np.array([day for day, _ in own], dtype="datetime64[D]")
        read.append(Holidays(days, np.array([names[name] for _, name in own], dtype=np.int64)))
    return tuple(read)


class SeriesKey(NamedTuple):
    """What a series is of. Empty text: unknown, as the store of sales without one."""

    region: str
    store_id: str
    category: str
    product: str = ""
    """Empty in revenue; in units: all other products of the store and category."""


@dataclass(frozen=True)
class SalesSeries:
    """Histories and what they are of."""

    keys: tuple[SeriesKey, ...]
    history: SeriesHistory
    currencies: tuple[str, ...]
    """Of each series; empty texts for units."""
    factors: Floats
    """Units of the reporting currency for one of each series; NaN without a rate, 1 for units."""


def history_of(
    keys: Sequence[SeriesKey],
    series: Ints,
    days: Ints,
    amounts: Floats,
    places: SalesPlaces,
    *,
    can_be_sparse: bool = False,
    regressors: tuple[Regressor, ...] = (),
    is_out: Bools | None = None,
) -> SeriesHistory:
    """Return the sums of amounts by series and step.

    Open days without a sale are 0. Days before the first sale, closed days, those after the last day of the region, and
    those out of stock are not observed.

    is_out: whether each series was out of stock, shape (series, steps); None: never.
    """
    axis = places.axis
    values = np.zeros((len(keys), axis.steps))
    np.add.at(values, (series, axis.step(days)), amounts)
    stores = np.array([places.stores[key.region, key.store_id] for key in keys], dtype=np.int64)
    first = np.full(len(keys), axis.steps)
    np.minimum.at(first, series, axis.step(days))
    last = axis.step(np.array([day_number(places.last_days[key.region]) for key in keys], dtype=np.int64))
    steps = np.arange(axis.steps)
    is_observed = places.is_open[stores] & (steps >= first[:, None]) & (steps <= last[:, None])
    if is_out is not None:
        is_out = is_out & is_observed
        is_observed = is_observed & ~is_out
    categories = {name: code for code, name in enumerate(sorted({key.category for key in keys}))}
    return SeriesHistory(
        grain=axis.grain,
        days=axis.days,
        values=np.where(is_observed, values, np.nan),
        stores=stores,
        categories=np.array([categories[key.category] for key in keys], dtype=np.int64),
        countries=places.countries[stores],
        is_open=places.is_open,
        holidays=places.holidays,
        regressors=regressors,
        can_be_sparse=can_be_sparse,
        is_out=is_out,
    )
