"""Stores on the time axis: the days on which they were open, and the holidays of their countries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

import sql
from tillstream.forecasting.models.panel import DAILY, DAY, WEEKLY, Bools, Days, Grain, Holidays, Ints
from tillstream.forecasting.sales.cells import Cells
from tillstream.forecasting.sales.open_days import open_days
from tillstream.ports.warehouse import Warehouse

SHORTEST = 8
"""Weeks from which on sales that all have the same weekday are totals of weeks."""
BEFORE, AFTER = timedelta(days=366), timedelta(days=60)
"""Time around the axis whose holidays are read."""


@dataclass(frozen=True)
class Axis:
    """The steps of the history and those ahead."""

    grain: Grain
    first: date
    """Last day of the first step."""
    steps: int
    ahead: int

    def step(self, days: Ints) -> Ints:
        """Return the steps of days, which are numbers since 1970."""
        return np.asarray(-(-(days - number(self.first)) // self.grain.days))

    @property
    def days(self) -> Days:
        """First day of each step, with those ahead."""
        start = np.datetime64(self.first, "D") - self.grain.to_last
        return np.asarray(start + self.grain.days * DAY * np.arange(self.steps + self.ahead))


@dataclass(frozen=True)
class Places:
    """What is known of stores."""

    axis: Axis
    last_days: Mapping[str, date]
    """Last day with sales of each region."""
    stores: Mapping[tuple[str, str], int]
    """Region and store → number."""
    is_open: Bools
    """Shape (stores, steps)."""
    countries: Ints
    """Number of the holidays of each store."""
    holidays: tuple[Holidays, ...]


def axis_of(cells: Cells, first: date, last: date, horizons: Mapping[str, int]) -> Axis:
    """Return an axis of weeks if all sales have the same weekday, on which a week ends; otherwise one of days.

    `horizons` are numbers of steps ahead by grain.
    """
    length = (last - first).days
    if len(np.unique(cells.days % 7)) == 1 and length >= SHORTEST * WEEKLY.days:
        return Axis(WEEKLY, first, length // WEEKLY.days + 1, horizons[WEEKLY.name])
    return Axis(DAILY, first, length + 1, horizons[DAILY.name])


def read(warehouse: Warehouse, cells: Cells, axis: Axis, last_days: Mapping[str, date]) -> Places:
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
    return Places(axis, last_days, stores, open_days(sold, is_holiday, axis.grain.days), of_store, holidays)


def number(day: date) -> int:
    """Return the number of a day since 1970."""
    return int(np.datetime64(day, "D").astype(np.int64))


def _holidays(warehouse: Warehouse, countries: Sequence[str], axis: Axis) -> tuple[Holidays, ...]:
    params = {"first": axis.first - BEFORE, "last": axis.days[-1].item() + AFTER}
    rows = warehouse.query(sql.text("reference/holidays"), params).to_pylist()
    read = []
    for country in countries:
        own = sorted((row["holiday_date"], row["name"]) for row in rows if row["country"] == country)
        names = {name: code for code, name in enumerate(sorted({name for _, name in own}))}
        days = np.array([day for day, _ in own], dtype="datetime64[D]")
        read.append(Holidays(days, np.array([names[name] for _, name in own], dtype=np.int64)))
    return tuple(read)
