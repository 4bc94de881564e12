"""What was sold, by series, and the panel of series that are modelled: sparse ones are modelled together."""

from dataclasses import dataclass, replace

import numpy as np

from tillstream.forecasting.models.panel import (
    Bools,
    Days,
    Floats,
    Grain,
    Holidays,
    Ints,
    Panel,
    Regressor,
    divide,
    mean_or_zero,
)

DENSE_WINDOW = 91
"""Days in which the number of days with sales decides whether a series is modelled on its own."""
DENSE_SHARE = 0.2
"""A series that sold on fewer of its open days is sparse."""
YOUNG_DAYS = 56
"""Days after its first sale in which a series is too young to be modelled on its own."""


@dataclass(frozen=True)
class SeriesHistory:
    """Series × steps, with the store, category and country of each series, and the calendar ahead."""

    grain: Grain
    days: Days
    """First day of each step; shape (steps + steps ahead,)."""
    values: Floats
    """Shape (series, steps); NaN before the first sale, on closed days and when out of stock."""
    stores: Ints
    categories: Ints
    countries: Ints
    """Codes of each series; shape (series,)."""
    is_open: Bools
    """Shape (stores, steps)."""
    holidays: tuple[Holidays, ...]
    regressors: tuple[Regressor, ...] = ()
    can_be_sparse: bool = False
    """Whether sparse series are modelled together by store and category."""
    is_out: Bools | None = None
    """Whether each series was out of stock, shape (series, steps); such values are NaN. None: never."""

    @property
    def series(self) -> int:
        """Number of series."""
        return len(self.values)

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self.values.shape[1])

    def until(self, cutoff: int, horizon: int) -> "SeriesHistory":
        """Return what was known after `cutoff` steps, for a forecast of `horizon` steps."""
        end = cutoff + horizon
        return replace(
            self,
            days=self.days[:end],
            values=self.values[:, :cutoff],
            is_open=self.is_open[:, :cutoff],
            regressors=tuple(each.until(cutoff, end) for each in self.regressors),
            is_out=None if self.is_out is None else self.is_out[:, :cutoff],
        )

    def only(self, chosen: slice) -> "SeriesHistory":
        """Return the history of some series."""
        return replace(
            self,
            values=self.values[chosen],
            stores=self.stores[chosen],
            categories=self.categories[chosen],
            countries=self.countries[chosen],
            regressors=tuple(each.only(chosen) for each in self.regressors),
            is_out=None if self.is_out is None else self.is_out[chosen],
        )


@dataclass(frozen=True)
class Grouping:
    """Which modelled series each series belongs to, and its share of it."""

    groups: Ints
    """Shape (series,)."""
    shares: Floats
    """Shape (series,): 1 for a series that is modelled on its own."""

    def expand(self, modelled: Floats) -> Floats:
        """Return the values of the series from those of the modelled series."""
        return modelled[self.groups] * self.shares[:, None]

    def collect(self, values: Floats) -> Floats:
        """Return the values of the modelled series from those of the series; NaN where none is known."""
        return _sums(values, self.groups, int(self.groups.max(initial=-1)) + 1)


def group_series(history: SeriesHistory) -> tuple[Panel, Grouping]:
    """Return the panel of modelled series, and how they are shared out.

    A sparse or young series has the share of its sales per day since its first sale, in the last quarter, of those of
    all sparse series of its store and category. Out of stock, it counts in their sum with its sales per day.
    """
    recent, open_steps = _last_quarter(history)
    is_sparse = _is_sparse(history, recent, open_steps) if history.can_be_sparse else np.zeros(history.series, bool)
    rates = mean_or_zero(recent)
    cells = history.stores * (history.categories.max(initial=0) + 1) + history.categories
    together, of_cell = np.unique(cells[is_sparse], return_inverse=True)
    own = np.flatnonzero(~is_sparse)
    groups = np.zeros(history.series, dtype=np.int64)
    groups[own] = np.arange(len(own))
    groups[is_sparse] = len(own) + of_cell
    shared = _with_rates(history, rates, is_sparse)
    values = np.vstack([history.values[own], _sums(shared, of_cell, len(together))])
    first = np.concatenate([own, np.array([np.flatnonzero(is_sparse & (cells == each))[0] for each in together], int)])
    shares = np.ones(history.series)
    totals = np.bincount(of_cell, rates[is_sparse], len(together)).astype(np.float64)
    shares[is_sparse] = np.nan_to_num(divide(rates[is_sparse], totals[of_cell]))
    panel = Panel(
        grain=history.grain,
        days=history.days,
        values=values,
        stores=history.stores[first],
        is_open=history.is_open,
        countries=history.countries[first],
        holidays=history.holidays,
        attributes=np.column_stack([history.stores[first], history.categories[first]]),
        regressors=tuple(each.of_series(first, len(own)) for each in history.regressors),
    )
    return panel, Grouping(groups, shares)


def _last_quarter(history: SeriesHistory) -> tuple[Floats, Ints]:
    """The values of the last `DENSE_WINDOW` days without those out of stock, NaN for others; shape (series, steps).

    Also the number of their steps on which the store was open; shape (series,).
    """
    length = DENSE_WINDOW // history.grain.days
    if history.is_out is None:
        return history.values[:, -length:], history.is_open[:, -length:].sum(axis=1)[history.stores]
    in_stock = ~history.is_out
    chosen = in_stock & (in_stock[:, ::-1].cumsum(axis=1)[:, ::-1] <= length)
    values = np.where(chosen, history.values, np.nan)
    return values, (chosen & history.is_open[history.stores]).sum(axis=1)


def _is_sparse(history: SeriesHistory, recent: Floats, open_steps: Ints) -> Bools:
    """Series with few days with sales, and those whose first sale was not long ago."""
    sold = (np.nan_to_num(recent) > 0).sum(axis=1)
    age = np.isfinite(history.values).sum(axis=1) * history.grain.days
    result: Bools = (sold < DENSE_SHARE * np.maximum(open_steps, 1)) | (age < YOUNG_DAYS)
    return result


def _with_rates(history: SeriesHistory, rates: Floats, chosen: Bools) -> Floats:
    """The values of some series, with their sales per day where they were out of stock."""
    values = history.values[chosen]
    return values if history.is_out is None else np.where(history.is_out[chosen], rates[chosen, None], values)


def _sums(values: Floats, groups: Ints, count: int) -> Floats:
    """Sums of series by group; NaN where no series of the group was observed."""
    sums, observed = np.zeros((count, values.shape[1])), np.zeros((count, values.shape[1]), dtype=bool)
    np.add.at(sums, groups, np.nan_to_num(values))
    np.logical_or.at(observed, groups, np.isfinite(values))
    return np.where(observed, sums, np.nan)
