"""Demand from recent sales, where there is no forecast: the mean of two estimates of the quantiles of sums.

One is the quantiles of the sums over all runs of days of a product itself. The other is the level of its latest days
with the dispersion of all products that sell about as much; a product with a short history has this one only. Together
they need less stock for the same service than each of them: see `bench.restock`.
"""

from collections.abc import Mapping

import numpy as np

from tillstream.forecasting.models.panel import Bools, Floats, Ints, mean_or_zero
from tillstream.restock.demand import Source, SumDemand
from tillstream.restock.dispersion import Dispersion, pool

OPEN_DAYS = 96
"""Open days whose sales are used."""
OWN = 0.5
"""Weight of the quantiles of the product itself."""
FEWEST_SUMS = 28
"""Number of sums from which on a product has quantiles of its own."""
FEWEST_DAYS = 0.5
"""Share of the days of a sum that must be observed."""

Dispersions = Mapping[int, Dispersion]
"""Number of days → dispersion of the sums over them."""


def recent_sales(units: Floats, days: Ints, probabilities: Floats, dispersions: Dispersions | None = None) -> SumDemand:
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
    sources = np.full(len(units), Source.SIMILAR_SALES, dtype=np.int64)
    for length in np.unique(days).tolist():
        rows = np.flatnonzero(days == length)
        sums = rolling_sums(units[rows], length)
        weight = np.where(_is_long(sums), OWN, 0.0)
        similar = dispersions[length].quantiles(latest[rows] * length)
        quantiles[rows] = weight[:, None] * row_quantiles(sums, probabilities) + (1 - weight)[:, None] * similar
        daily[rows] = weight * daily[rows] + (1 - weight) * latest[rows]
        sources[rows[weight > 0]] = Source.RECENT_SALES
    return SumDemand(probabilities, quantiles, np.asarray(days, dtype=np.int64), daily, sources)


def dispersions_of(units: Floats, lengths: Ints, probabilities: Floats) -> Dispersions:
    """Return the dispersion of the sums over each number of days, of the lines with enough sums."""
    daily, _ = _levels(units)
    result = {}
    for length in np.unique(lengths).tolist():
        sums = rolling_sums(units, length)
        is_long = _is_long(sums)
        result[length] = pool(sums[is_long], daily[is_long] * length, probabilities)
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
