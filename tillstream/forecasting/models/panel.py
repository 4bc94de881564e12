"""Series on one time axis: what is forecast, and what is known of each series and of each step."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.floating]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Days = NDArray[np.datetime64]
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Grain:
    """The steps of a time axis."""

    name: str
    days: int
    """Number of days of a step."""
    season: int
    """Number of steps after which the seasonal naive forecast repeats."""
    year: int
    """Number of steps of a year, in whole weeks."""
    recent: int
    """Number of steps whose mean is the level of a series."""

    @property
    def to_last(self) -> np.timedelta64:
        """From the first day of a step to its last."""
        return (self.days - 1) * DAY


DAILY = Grain("day", days=1, season=7, year=364, recent=28)
WEEKLY = Grain("week", days=7, season=52, year=52, recent=8)


@dataclass(frozen=True)
class Holidays:
    """The public holidays of a country, in order of their days."""

    days: Days
    names: Ints
    """A number for the name of each holiday, the same every year."""


@dataclass(frozen=True)
class Regressor:
    """An outside series, a price or a promotion."""

    name: str
    values: Floats
    """Shape (series or 1, steps + steps ahead); NaN where it is not known."""
    is_planned: bool
    """Whether its future values are known when a forecast is made, as those of a planned promotion."""
    available: Ints | None = None
    """Of a planned one: the step from which on each value was known, shape of the values; None: always."""
    is_relative: bool = False
    """Of a planned one: whether only its change since the day of the forecast is an input, as that of a price."""

    def until(self, cutoff: int, end: int) -> "Regressor":
        """Return what was known after `cutoff` steps of the steps before `end`."""
        if self.available is None:
            return replace(self, values=self.values[:, : end if self.is_planned else cutoff])
        values, available = self.values[:, :end], self.available[:, :end]
        return replace(
            self, values=np.where(available < cutoff, values, np.nan), available=np.minimum(available, cutoff)
        )

    def at(self, rows: Ints, steps: Ints, origins: Ints) -> Floats:
        """Return the values at steps, as far as they were known at the origins."""
        own = np.minimum(rows, self.values.shape[0] - 1)
        values = self.values[own, steps]
        return values if self.available is None else np.where(self.available[own, steps] <= origins, values, np.nan)

    def only(self, chosen: slice) -> "Regressor":
        """Return the values of some series; all of them if they are the same for all series."""
        if self.values.shape[0] == 1:
            return self
        available = None if self.available is None else self.available[chosen]
        return replace(self, values=self.values[chosen], available=available)

    def of_series(self, rows: Ints, own: int) -> "Regressor":
        """Return the values of these series; NaN after the first `own`, which are sums of several series."""
        if self.values.shape[0] == 1:
            return self
        values = self.values[rows]
        values[own:] = np.nan
        return replace(self, values=values, available=None if self.available is None else self.available[rows])


@dataclass(frozen=True)
class Panel:
    """Series × steps, and the steps ahead, for which only the calendar and planned regressors are known."""

    grain: Grain
    days: Days
    """First day of each step; shape (steps + steps ahead,)."""
    values: Floats
    """Shape (series, steps). NaN: not observed, as before the first sale, on a closed day or out of stock."""
    stores: Ints
    """Code of the store of each series; shape (series,)."""
    is_open: Bools
    """Shape (stores, steps)."""
    countries: Ints
    """Code of the holidays of each series; shape (series,)."""
    holidays: tuple[Holidays, ...]
    attributes: Ints
    """Codes of what series have in common, such as the category; shape (series, attributes)."""
    regressors: tuple[Regressor, ...] = ()

    @property
    def series(self) -> int:
        """Number of series."""
        return len(self.values)

    @property
    def steps(self) -> int:
        """Number of steps with values."""
        return int(self.values.shape[1])

    def at(self, rows: Ints, steps: Ints) -> Floats:
        """Return the values of series at steps; NaN outside of the axis."""
        inside = (steps >= 0) & (steps < self.steps)
        return np.where(inside, self.values[rows, np.clip(steps, 0, self.steps - 1)], np.nan)

    def mean(self, rows: Ints, last: Ints, width: int) -> Floats:
        """Return the mean of the observed values of `width` steps up to and including `last`; NaN if there are none."""
        sums, counts = self._cumulative
        end = np.clip(last + 1, 0, self.steps)
        start = np.clip(last + 1 - width, 0, self.steps)
        return divide(sums[rows, end] - sums[rows, start], counts[rows, end] - counts[rows, start])

    @cached_property
    def levels(self) -> Floats:
        """The recent mean of each series at each step, at least a tenth of its mean of a year; shape of the values.

        Where nothing was observed for long although the store was open, as out of stock, the last mean before it.
        """
        recent, yearly = (self._trailing_means(width) for width in (self.grain.recent, self.grain.year))
        return np.fmax(np.fmax(self._continued(recent), yearly / 10), 1e-9)

    def _continued(self, means: Floats) -> Floats:
        is_missing = np.isnan(means) & self.is_open[self.stores] & (self._cumulative[1][:, 1:] > 0)
        if not is_missing.any():
            return means
        latest = np.maximum.accumulate(np.where(np.isnan(means), 0, np.arange(self.steps)), axis=1)
        return np.where(is_missing, np.take_along_axis(means, latest, axis=1), means)

    def _trailing_means(self, width: int) -> Floats:
        sums, counts = self._cumulative
        start = np.maximum(np.arange(self.steps) + 1 - width, 0)
        return divide(sums[:, 1:] - sums[:, start], counts[:, 1:] - counts[:, start])

    @cached_property
    def _cumulative(self) -> tuple[Floats, Floats]:
        """Sums and counts of the observed values before each step; shape (series, steps + 1)."""
        observed = np.isfinite(self.values)
        start = np.zeros((self.series, 1))
        sums = np.cumsum(np.where(observed, self.values, 0.0), axis=1)
        return np.hstack([start, sums]), np.hstack([start, np.cumsum(observed, axis=1, dtype=np.float64)])


def mean_or_zero(values: Floats) -> Floats:
    """Return the mean of the observed values of each series, shape (series, steps); 0 if there are none."""
    observed = np.isfinite(values)
    return np.asarray(np.where(observed, values, 0.0).sum(axis=1) / np.maximum(observed.sum(axis=1), 1))


def mean_or_nan(values: Floats) -> Floats:
    """Return the mean of the observed values over the first axis; NaN where there are none."""
    observed = np.isfinite(values)
    return divide(np.where(observed, values, 0.0).sum(axis=0), observed.sum(axis=0).astype(np.float64))


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; NaN where the denominator is not positive."""
    positive = denominator > 0
    return np.where(positive, numerator / np.where(positive, denominator, 1.0), np.nan)
