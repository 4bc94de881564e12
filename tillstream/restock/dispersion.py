"""How sums of days vary around their expected units, pooled over products that sell about as much."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints

STEP = 4.0
"""Products whose expected units differ by less than this factor are pooled."""
LEAST_EXPECTED = 1 / 16
"""Expected units below which ratios are computed with this number: ratios to a number near zero explode."""
MOST_RATIO = 5.0
"""A sum counts as at most this multiple of its expected units, or of one unit."""


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


def pool(sums: Floats, expected: Floats, probabilities: Floats) -> Dispersion:
    """Return the dispersion of sums of lines; shapes (lines, sums), NaN where not observed, and (lines,).

    Without sums it is that of counts with a variance equal to the expected units.
    """
    level = np.maximum(expected, LEAST_EXPECTED)
    ratios = np.minimum(sums, MOST_RATIO * np.maximum(level, 1.0)[:, None]) / level[:, None]
    of_line = _class_of(expected)
    classes = np.unique(of_line[np.isfinite(ratios).any(axis=1)])
    pooled = np.zeros((len(classes), len(probabilities)))
    for number, each in enumerate(classes.tolist()):
        of_class = ratios[of_line == each]
        pooled[number] = np.quantile(of_class[np.isfinite(of_class)], probabilities)
    return Dispersion(probabilities, classes, pooled)


def _class_of(expected: Floats) -> Ints:
    levels = np.log(np.maximum(expected, LEAST_EXPECTED)) / np.log(STEP)
    return np.asarray(np.floor(np.round(levels, 9)), dtype=np.int64)


def _of_counts(expected: Floats, probabilities: Floats) -> Floats:
    deviations = np.array([NormalDist().inv_cdf(each) for each in probabilities.tolist()])
    return np.asarray(np.maximum(expected[:, None] + np.sqrt(expected)[:, None] * deviations, 0.0))
