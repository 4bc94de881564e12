"""How units follow prices, by category: a Poisson regression on changes of list prices and promotions.

Average prices paid are not used: they also change with customers and quantities, and overstate the effect.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from math import expm1
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Bools, Floats, Ints
from tillstream.forecasting.regressors import PRICE, PROMOTION
from tillstream.forecasting.sales_series import SalesSeries

MAX_STEPS = 60
"""Maximum number of iterations of the regression, and of sweeps over the levels in each of them."""
TOLERANCE = 1e-7
SMALLEST = 0.05
"""Of 1 less the share of a cluster in what the slope is computed from."""

EFFECT_WEEKS = 104
"""Weeks up to now that are compared."""
PRICE_CHANGE = 0.05
"""Difference from the usual price of a product, as a fraction, from which on its price has changed."""
LASTING_WEEKS = 3
"""Number of weeks at another price from which on a change counts."""
FEWEST_CHANGES = 5
"""Number of products in regions with changes from which on there is an effect."""


@dataclass(frozen=True)
class PoissonSlope:
    """The change of the logarithm of the mean count for a change of the variable by 1."""

    value: float
    error: float
    """Standard error, robust to what values of a cluster have in common."""


def poisson_slope(counts: Floats, variable: Floats, series: Ints, steps: Ints, clusters: Ints) -> PoissonSlope | None:
    """Return the maximum-likelihood slope; None if the variable does not change within series and steps.

    All inputs have one value per observation. Counts may be 0. The slope is consistent whatever the distribution of the
    counts (Santos Silva and Tenreyro, 2006, "The log of gravity"); it is computed by weighted least squares after the
    levels are taken out (Correia, Guimarães and Zylkin, 2020, "Fast Poisson estimation with high-dimensional fixed
    effects"). The error adds up the scores of each cluster, each as if the slope were computed without it (CR3: Bell
    and McCaffrey, 2002, "Bias reduction in standard errors").
    """
    is_used = _has_sales(counts, series) & _has_sales(counts, steps)
    counts, variable = counts[is_used], variable[is_used]
    if not len(counts):
        return None
    levels = (_codes(series[is_used]), _codes(steps[is_used]))
    mean, value = (counts + counts.mean()) / 2, 0.0
    logarithm = np.log(mean)
    for _ in range(MAX_STEPS):
        working = logarithm + (counts - mean) / mean
        rest, residual = _within(variable, mean, levels), _within(working, mean, levels)
        size = float((mean * rest**2).sum())
        if size < TOLERANCE * float(mean.sum()):
            return None
        before, value = value, float((mean * rest * residual).sum()) / size
        logarithm = np.clip(working - (residual - value * rest), -30.0, 30.0)
        mean = np.exp(logarithm)
        if abs(value - before) < TOLERANCE:
            break
    groups = _codes(clusters[is_used])
    leverages = np.bincount(groups, mean * rest**2) / size
    scores = np.bincount(groups, rest * (counts - mean)) / np.maximum(1 - leverages, SMALLEST)
    return PoissonSlope(value, float(np.sqrt((scores**2).sum())) / size)


def _has_sales(counts: Floats, codes: Ints) -> np.ndarray:
    """Whether the group of each observation has a count above 0; the level of others has no estimate."""
    groups = _codes(codes)
    return np.asarray(np.bincount(groups, counts)[groups] > 0)


def _codes(values: Ints) -> Ints:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _within(values: Floats, weights: Floats, levels: tuple[Ints, ...]) -> Floats:
    """Take the weighted means of all levels out of values, in turn until they stay."""
    totals = [np.bincount(codes, weights) for codes in levels]
    for _ in range(MAX_STEPS):
        largest = 0.0
        for codes, total in zip(levels, totals, strict=True):
            means = np.bincount(codes, weights * values) / total
            values = values - means[codes]
            largest = max(largest, float(np.abs(means).max()))
        if largest < TOLERANCE:
            break
    return values


@dataclass(frozen=True)
class PriceEffect:
    """The price elasticity of a category: units change by this many percent if prices rise by one percent."""

    category: str
    elasticity: float
    low: float
    high: float
    """80% interval of the elasticity."""
    is_clear: bool
    """Whether the 95% interval is below 0."""
    products: int
    """Number of products in regions whose price changed."""
    lowest_change: float
    highest_change: float
    """Range of the price changes, as fractions of the usual price."""

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "PriceEffect":
        """The effect of a row of the table `price_effects`."""
        named = {each.name: row[each.name] for each in fields(cls)}
        values: dict[str, Any] = {
            name: float(each) if isinstance(each, Decimal) else each for name, each in named.items()
        }
        return cls(**values)

    def units_at(self, change: float) -> tuple[float, float, float]:
        """Return what units are multiplied with if prices change by a fraction above -1, and its 80% interval."""
        value, *ends = ((1 + change) ** each for each in (self.elasticity, self.low, self.high))
        return value, min(ends), max(ends)


def estimate_price_effects(units: SalesSeries) -> list[PriceEffect]:
    """Return the effects of the categories in which enough prices changed; `units` has the catalogue as regressors.

    Products are compared with the others of their category in the same store and week, so that seasons, holidays and
    the growth of stores are no effect of prices. What happens to a whole category at once is not compared.
    """
    prices = _prices(units.history)
    return [] if prices is None else list(_effects(_weekly(units, prices)))


@dataclass(frozen=True)
class _Weekly:
    """Series with weeks that can be compared: shape (series,), and (series, weeks) of units and prices."""

    categories: NDArray[np.str_]
    stores: Ints
    products: Ints
    """Number of the product in a region of each series."""
    units: Floats
    prices: Floats
    """Logarithms. NaN in weeks that are not observed, without a price, or with days out of stock."""

    @property
    def changes(self) -> Floats:
        """Differences of prices from the median of their series; 0 where there is no price."""
        return np.nan_to_num(self.prices - np.nanmedian(self.prices, axis=1, keepdims=True))

    def take(self, chosen: Bools) -> "_Weekly":
        return _Weekly(*(getattr(self, field.name)[chosen] for field in fields(self)))


def _prices(history: SeriesHistory) -> Floats | None:
    """Logarithms of list prices after promotions; shape of the values. None without changes in the catalogue."""
    inputs = {each.name: each.values[:, : history.steps] for each in history.regressors}
    if PRICE not in inputs and PROMOTION not in inputs:
        return None
    none = np.zeros_like(history.values)
    return np.asarray(inputs.get(PRICE, none) + np.log1p(-np.clip(inputs.get(PROMOTION, none), 0.0, 0.99)))


def _weekly(units: SalesSeries, prices: Floats) -> _Weekly:
    """Sums of units and means of prices of the last whole weeks; weeks with days out of stock are left out."""
    history, keys = units.history, units.keys
    length = 7 // history.grain.days
    count = min(history.steps // length, EFFECT_WEEKS)
    start = history.steps - count * length
    sold, priced = (each[:, start:].reshape(history.series, count, length) for each in (history.values, prices))
    is_observed = np.isfinite(sold)
    is_whole = is_observed.any(axis=2)
    if history.is_out is not None:
        is_whole &= ~history.is_out[:, start:].reshape(sold.shape).any(axis=2)
    numbers = {name: code for code, name in enumerate(dict.fromkeys((key.region, key.product) for key in keys))}
    weekly = _Weekly(
        np.array([key.category for key in keys], dtype=np.str_),
        history.stores,
        np.array([numbers[key.region, key.product] for key in keys], dtype=np.int64),
        np.maximum(np.where(is_observed, sold, 0.0).sum(axis=2), 0.0),
        np.where(is_whole, priced.mean(axis=2), np.nan),
    )
    has_product = np.array([bool(key.product) for key in keys], dtype=bool)
    return weekly.take(has_product & np.isfinite(weekly.prices).any(axis=1))


def _effects(weekly: _Weekly) -> Iterator[PriceEffect]:
    has_changed = (np.abs(weekly.changes) >= np.log1p(PRICE_CHANGE)).sum(axis=1) >= LASTING_WEEKS
    for category in np.unique(weekly.categories[has_changed]).tolist():
        is_own = weekly.categories == category
        products = len(np.unique(weekly.products[is_own & has_changed]))
        if products >= FEWEST_CHANGES:
            yield from _effect(category, weekly.take(is_own), products)


def _effect(category: str, weekly: _Weekly, products: int) -> Iterator[PriceEffect]:
    """The effect of a category; nothing if its products always changed together."""
    rows, weeks = np.nonzero(np.isfinite(weekly.prices))
    estimated = poisson_slope(
        weekly.units[rows, weeks],
        weekly.prices[rows, weeks],
        rows,
        weekly.stores[rows] * weekly.units.shape[1] + weeks,
        weekly.products[rows],
    )
    if estimated:
        changes = weekly.changes
        usual, clear = (estimated.error * _student(each, products - 1) for each in (0.90, 0.975))
        yield PriceEffect(
            category,
            estimated.value,
            estimated.value - usual,
            estimated.value + usual,
            estimated.value + clear < 0,
            products,
            expm1(float(changes.min())),
            expm1(float(changes.max())),
        )


def _student(probability: float, freedom: int) -> float:
    """Quantile of Student's distribution, by its expansion (Abramowitz and Stegun, 26.7.5); within 1% from 4 on."""
    z = NormalDist().inv_cdf(probability)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2
