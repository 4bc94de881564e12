"""Series: what each is of, and the history of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tillstream.forecasting.models.history import History
from tillstream.forecasting.models.panel import Bools, Floats, Ints, Regressor
from tillstream.forecasting.sales.places import Places, number


class Key(NamedTuple):
    """What a series is of. Empty text: unknown, as the store of sales without one."""

    region: str
    store_id: str
    category: str
    product: str = ""
    """Empty in revenue; in units: all other products of the store and category."""


@dataclass(frozen=True)
class Series:
    """Histories and what they are of."""

    keys: tuple[Key, ...]
    history: History
    currencies: tuple[str, ...]
    """Of each series; empty texts for units."""
    factors: Floats
    """Units of the reporting currency for one of each series; NaN without a rate, 1 for units."""


def history_of(
    keys: Sequence[Key],
    series: Ints,
    days: Ints,
    amounts: Floats,
    places: Places,
    *,
    can_be_sparse: bool = False,
    regressors: tuple[Regressor, ...] = (),
    is_out: Bools | None = None,
) -> History:
    """Return the sums of amounts by series and step.

    Open days without a sale are 0. Days before the first sale, closed days, those after the last day of the region, and
    those out of stock are not observed.

    is_out: whether each series was out of stock, shape (series, steps); None: never.
    """
    axis = places.axis
    values = np.zeros((len(keys), axis.steps))
    np.add.at(values, (series, axis.step(days)), amounts)
    stores = np.array([places.stores[key.region, key.store_id] for key in keys], dtype=np.int64)
    first = np.full(len(keys), axis.steps)
    np.minimum.at(first, series, axis.step(days))
    last = axis.step(np.array([number(places.last_days[key.region]) for key in keys], dtype=np.int64))
    steps = np.arange(axis.steps)
    is_observed = places.is_open[stores] & (steps >= first[:, None]) & (steps <= last[:, None])
    if is_out is not None:
        is_out = is_out & is_observed
        is_observed = is_observed & ~is_out
    categories = {name: code for code, name in enumerate(sorted({key.category for key in keys}))}
    return History(
        grain=axis.grain,
        days=axis.days,
        values=np.where(is_observed, values, np.nan),
        stores=stores,
        categories=np.array([categories[key.category] for key in keys], dtype=np.int64),
        countries=places.countries[stores],
        is_open=places.is_open,
        holidays=places.holidays,
        regressors=regressors,
        can_be_sparse=can_be_sparse,
        is_out=is_out,
    )
