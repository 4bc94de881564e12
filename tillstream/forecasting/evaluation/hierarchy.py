"""Levels at which forecasts are shown: each node is the exact sum of its series."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models.panel import Bools, Floats, Ints, Numbers

PLACES = 4
"""Decimal places of means: sums of rounded values are exact."""


@dataclass(frozen=True)
class Level:
    """A level of the hierarchy, such as stores."""

    name: str
    nodes: Ints
    """Node of each series; shape (series,)."""
    count: int
    """Number of nodes."""
    factors: Floats
    """What a unit of each series is in the unit of the level; NaN without an exchange rate. Shape (series,)."""

    def sums(self, values: Numbers) -> Floats:
        """Return the sums of rounded series by node, shape (nodes, …); NaN where no series of the node has a value."""
        converted = np.round(values.astype(np.float64) * self.factors.reshape(-1, *[1] * (values.ndim - 1)), PLACES)
        observed = np.isfinite(converted)
        shape = (self.count, *values.shape[1:])
        sums, observed_nodes = np.zeros(shape), np.zeros(shape, dtype=bool)
        np.add.at(sums, self.nodes, np.where(observed, converted, 0.0))
        np.logical_or.at(observed_nodes, self.nodes, observed)
        return np.where(observed_nodes, np.round(sums, PLACES), np.nan)

    def any(self, flags: Bools) -> Bools:
        """Return whether any series of each node has the flag."""
        result = np.zeros((self.count, *flags.shape[1:]), dtype=bool)
        np.logical_or.at(result, self.nodes, flags)
        return result


def level(name: str, codes: Ints, factors: Floats | None = None) -> Level:
    """Return the level whose nodes have the codes 0 … n − 1."""
    count = int(codes.max(initial=-1)) + 1
    return Level(name, codes, count, np.ones(len(codes)) if factors is None else factors)
