"""Past and planned list prices of the catalogue as a regressor."""

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

import numpy as np

from tillstream.forecasting.models.panel import Regressor
from tillstream.forecasting.sales.places import Axis
from tillstream.forecasting.sales.series import Key

PRICE = "price"
"""Name of the regressor."""


def regressors(
    keys: Sequence[Key], prices: Sequence[Mapping[str, Any]], currencies: Mapping[str, str], axis: Axis
) -> tuple[Regressor, ...]:
    """Return the logarithm of the list price of each series on the last day of each step; NaN without a price.

    `prices` are ordered as in `forecasts/list_prices`: a later row replaces an earlier one. `currencies` are those of
    regions; prices in others are left out. Nothing if no price changed in the past: then there is nothing to learn.
    """
    products: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        if key.product:
            products.setdefault(key.product, []).append(index)
    last_days = axis.days + axis.grain.to_last
    values = np.full((len(keys), len(last_days)), np.nan)
    for row in prices:
        start, end = np.searchsorted(last_days, np.array([row["first_day"], row["next_day"]], dtype="datetime64[D]"))
        for index in products.get(row["product_id"], ()):
            region = keys[index].region
            if row["region"] in {"*", region} and row["currency"] == currencies.get(region):
                values[index, start:end] = log(row["amount"])
    past = values[:, : axis.steps]
    if not (np.abs(np.diff(past, axis=1)) > 0).any():
        return ()
    return (Regressor(PRICE, values, is_planned=True, is_relative=True),)
