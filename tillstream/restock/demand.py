"""The distribution of the demand for products over the days that an order has to last."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints


class Source(IntEnum):
    """What the demand of a line is computed from."""

    FORECAST = 0
    CATEGORY_FORECAST = 1
    """The forecast of all other products of the store and category, shared out by recent sales."""
    RECENT_SALES = 2
    SIMILAR_SALES = 3
    """Recent sales at the level of the product, with the dispersion of products with longer histories."""

    @property
    def method(self) -> str:
        """`forecast` or `recent sales`."""
        return "forecast" if self <= Source.CATEGORY_FORECAST else "recent sales"


@dataclass(frozen=True)
class SumDemand:
    """Demand for lines, which are products in stores, over a number of days each.

    Quantiles are those of the sum, never sums of daily quantiles.
    """

    probabilities: Floats
    """Shape (probabilities,), ascending, in (0, 1)."""
    quantiles: Floats
    """Units; shape (lines, probabilities), ascending in each line."""
    days: Ints
    """Lead time plus review period; shape (lines,)."""
    daily: Floats
    """Expected units a day; shape (lines,)."""
    sources: Ints
    """`Source` of each line; shape (lines,)."""

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.quantiles)

    def at(self, rows: Ints | slice) -> "SumDemand":
        """Return the demand for some lines."""
        return SumDemand(
            self.probabilities, self.quantiles[rows], self.days[rows], self.daily[rows], self.sources[rows]
        )

    def replaced(self, rows: Ints, other: "SumDemand") -> "SumDemand":
        """Return a copy in which `rows` are the lines of another demand with the same probabilities."""
        copy = SumDemand(
            self.probabilities, self.quantiles.copy(), self.days.copy(), self.daily.copy(), self.sources.copy()
        )
        copy.quantiles[rows], copy.days[rows] = other.quantiles, other.days
        copy.daily[rows], copy.sources[rows] = other.daily, other.sources
        return copy


def concat(parts: Sequence[SumDemand]) -> SumDemand:
    """Return the lines of all parts, which have the same probabilities, in order."""
    return SumDemand(
        parts[0].probabilities,
        np.concatenate([each.quantiles for each in parts]),
        np.concatenate([each.days for each in parts]),
        np.concatenate([each.daily for each in parts]),
        np.concatenate([each.sources for each in parts]),
    )
