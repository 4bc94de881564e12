"""Poisson regression of counts on one variable, with a level for each series and for each step."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints

STEPS = 60
"""Maximum number of iterations of the regression, and of sweeps over the levels in each of them."""
TOLERANCE = 1e-7
SMALLEST = 0.05
"""Of 1 less the share of a cluster in what the slope is computed from."""


@dataclass(frozen=True)
class Slope:
    """The change of the logarithm of the mean count for a change of the variable by 1."""

    value: float
    error: float
    """Standard error, robust to what values of a cluster have in common."""


def slope(counts: Floats, variable: Floats, series: Ints, steps: Ints, clusters: Ints) -> Slope | None:
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
    for _ in range(STEPS):
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
    return Slope(value, float(np.sqrt((scores**2).sum())) / size)


def _has_sales(counts: Floats, codes: Ints) -> np.ndarray:
    """Whether the group of each observation has a count above 0; the level of others has no estimate."""
    groups = _codes(codes)
    return np.asarray(np.bincount(groups, counts)[groups] > 0)


def _codes(values: Ints) -> Ints:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _within(values: Floats, weights: Floats, levels: tuple[Ints, ...]) -> Floats:
    """Take the weighted means of all levels out of values, in turn until they stay."""
    totals = [np.bincount(codes, weights) for codes in levels]
    for _ in range(STEPS):
        largest = 0.0
        for codes, total in zip(levels, totals, strict=True):
            means = np.bincount(codes, weights * values) / total
            values = values - means[codes]
            largest = max(largest, float(np.abs(means).max()))
        if largest < TOLERANCE:
            break
    return values
