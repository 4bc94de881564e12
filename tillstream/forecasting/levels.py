"""The levels at which forecasts are shown: each node is the exact sum of its series."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models.panel import Bools, Floats, Ints, Numbers
from tillstream.forecasting.sales_series import SalesSeries

SUM_PLACES = 4
"""Decimal places of means: sums of rounded values are exact."""

TOTAL, REGION, STORE, CATEGORY, STORE_CATEGORY, PRODUCT = (
    "total",
    "region",
    "store",
    "category",
    "store_category",
    "product",
)
_FIELDS = {
    TOTAL: (),
    REGION: ("region",),
    STORE: ("region", "store_id"),
    CATEGORY: ("category",),
    STORE_CATEGORY: ("region", "store_id", "category"),
    PRODUCT: ("region", "store_id", "category", "product"),
}
"""Level → fields of a key that name its nodes."""
CELL_LEVEL = STORE_CATEGORY
"""Level at which the method is chosen."""
ACROSS_REGIONS = (TOTAL, CATEGORY)
"""Levels whose revenue is in the reporting currency."""
LEVELS_OF_TARGETS = {"revenue": (TOTAL, REGION, STORE, CATEGORY, STORE_CATEGORY), "units": tuple(_FIELDS)}
"""Target → levels at which it is shown."""


@dataclass(frozen=True)
class HierarchyLevel:
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
        converted = np.round(values.astype(np.float64) * self.factors.reshape(-1, *[1] * (values.ndim - 1)), SUM_PLACES)
        observed = np.isfinite(converted)
        shape = (self.count, *values.shape[1:])
        sums, observed_nodes = np.zeros(shape), np.zeros(shape, dtype=bool)
        np.add.at(sums, self.nodes, np.where(observed, converted, 0.0))
        np.logical_or.at(observed_nodes, self.nodes, observed)
        return np.where(observed_nodes, np.round(sums, SUM_PLACES), np.nan)

    def any(self, flags: Bools) -> Bools:
        """Return whether any series of each node has the flag."""
        result = np.zeros((self.count, *flags.shape[1:]), dtype=bool)
        np.logical_or.at(result, self.nodes, flags)
        return result


def hierarchy_level(name: str, codes: Ints, factors: Floats | None = None) -> HierarchyLevel:
    """Return the level whose nodes have the codes 0 … n − 1."""
    count = int(codes.max(initial=-1)) + 1
    return HierarchyLevel(name, codes, count, np.ones(len(codes)) if factors is None else factors)


@dataclass(frozen=True)
class LevelNodes:
    """The nodes of a level: their keys, without the fields that they are summed over, and their currencies."""

    level: HierarchyLevel
    names: tuple[dict[str, str], ...]
    currencies: tuple[str, ...]
    """Empty text for units."""


def level_nodes(series: SalesSeries, name: str, reporting_currency: str) -> LevelNodes:
    """Return the nodes of a level of series."""
    fields = _FIELDS[name]
    named = [tuple(getattr(key, field) for field in fields) for key in series.keys]
    codes = {each: code for code, each in enumerate(dict.fromkeys(named))}
    of_series = np.array([codes[each] for each in named], dtype=np.int64)
    is_converted = bool(series.currencies) and name in ACROSS_REGIONS and any(series.currencies)
    currencies = [""] * len(codes)
    for code, currency in zip(of_series.tolist(), series.currencies, strict=True):
        currencies[code] = reporting_currency if is_converted else currency
    return LevelNodes(
        hierarchy_level(name, of_series, series.factors if is_converted else None),
        tuple(dict(zip(fields, each, strict=True)) for each in codes),
        tuple(currencies),
    )
