"""The levels at which forecasts are shown, and what their nodes are."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.evaluation.hierarchy import Level, level
from tillstream.forecasting.sales.series import Series

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
CELLS = STORE_CATEGORY
"""Level at which the method is chosen."""
ACROSS_REGIONS = (TOTAL, CATEGORY)
"""Levels whose revenue is in the reporting currency."""
TARGETS = {"revenue": (TOTAL, REGION, STORE, CATEGORY, STORE_CATEGORY), "units": tuple(_FIELDS)}
"""Target → levels at which it is shown."""


@dataclass(frozen=True)
class Nodes:
    """The nodes of a level: their keys, without the fields that they are summed over, and their currencies."""

    level: Level
    names: tuple[dict[str, str], ...]
    currencies: tuple[str, ...]
    """Empty text for units."""


def nodes(series: Series, name: str, reporting_currency: str) -> Nodes:
    """Return the nodes of a level of series."""
    fields = _FIELDS[name]
    named = [tuple(getattr(key, field) for field in fields) for key in series.keys]
    codes = {each: code for code, each in enumerate(dict.fromkeys(named))}
    of_series = np.array([codes[each] for each in named], dtype=np.int64)
    is_converted = bool(series.currencies) and name in ACROSS_REGIONS and any(series.currencies)
    currencies = [""] * len(codes)
    for code, currency in zip(of_series.tolist(), series.currencies, strict=True):
        currencies[code] = reporting_currency if is_converted else currency
    return Nodes(
        level(name, of_series, series.factors if is_converted else None),
        tuple(dict(zip(fields, each, strict=True)) for each in codes),
        tuple(currencies),
    )
