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
YOUNG = 56
"""Days after its first sale in which a series is too young to be modelled on its own."""


@dataclass(frozen=True)
class History:
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

    @property
    def series(self) -> int:
        """Number of series."""
        return len(self.values)

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self.values.shape[1])

    def until(self, cutoff: int, horizon: int) -> "History":
        """Return what was known after `cutoff` steps, for a forecast of `horizon` steps."""
        end = cutoff + horizon
        return replace(
            self,
            days=self.days[:end],
            values=self.values[:, :cutoff],
            is_open=self.is_open[:, :cutoff],
            regressors=tuple(each.until(cutoff, end) for each in self.regressors),
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


def group(history: History) -> tuple[Panel, Grouping]:
    """Return the panel of modelled series, and how they are shared out.

    A sparse or young series has the share of its sales per day since its first sale, in the last quarter, of those of
    all sparse series of its store and category.
    """
    is_sparse = _is_sparse(history) if history.can_be_sparse else np.zeros(history.series, dtype=bool)
    cells = history.stores * (history.categories.max(initial=0) + 1) + history.categories
    together, of_cell = np.unique(cells[is_sparse], return_inverse=True)
    own = np.flatnonzero(~is_sparse)
    groups = np.zeros(history.series, dtype=np.int64)
    groups[own] = np.arange(len(own))
    groups[is_sparse] = len(own) + of_cell
    values = np.vstack([history.values[own], _sums(history.values[is_sparse], of_cell, len(together))])
    first = np.concatenate([own, np.array([np.flatnonzero(is_sparse & (cells == each))[0] for each in together], int)])
    rates = _recent_rate(history)
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


def _is_sparse(history: History) -> Bools:
    """Series with few days with sales, and those whose first sale was not long ago."""
    recent = history.values[:, -DENSE_WINDOW // history.grain.days :]
    observed = np.isfinite(recent)
    sold = (observed & (np.nan_to_num(recent) > 0)).sum(axis=1)
    days = np.maximum(history.is_open[:, -recent.shape[1] :].sum(axis=1)[history.stores], 1)
    age = np.isfinite(history.values).sum(axis=1) * history.grain.days
    result: Bools = (sold < DENSE_SHARE * days) | (age < YOUNG)
    return result


def _recent_rate(history: History) -> Floats:
    """Mean of the observed steps of the last quarter; 0 if there are none."""
    return mean_or_zero(history.values[:, -DENSE_WINDOW // history.grain.days :])


def _sums(values: Floats, groups: Ints, count: int) -> Floats:
    """Sums of series by group; NaN where no series of the group was observed."""
    sums, observed = np.zeros((count, values.shape[1])), np.zeros((count, values.shape[1]), dtype=bool)
    np.add.at(sums, groups, np.nan_to_num(values))
    np.logical_or.at(observed, groups, np.isfinite(values))
    return np.where(observed, sums, np.nan)
