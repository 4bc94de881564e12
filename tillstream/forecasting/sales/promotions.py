"""Planned and past promotions of the catalogue as a regressor."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tillstream.forecasting.models.panel import DAY, Regressor
from tillstream.forecasting.sales.places import Axis
from tillstream.forecasting.sales.series import Key

PROMOTION = "promotion"
"""Name of the regressor."""


def regressors(keys: Sequence[Key], promotions: Sequence[Mapping[str, Any]], axis: Axis) -> tuple[Regressor, ...]:
    """Return the highest discount of each series and step, as a fraction of the price.

    Nothing if there was no promotion in the past: then there is nothing to learn from.
    """
    days = axis.days
    rates = np.zeros((len(keys), len(days)))
    for each in promotions:
        applies = np.array([_is_in(key, each) for key in keys], dtype=bool)
        start = np.datetime64(each["valid_from"] or days[0], "D")
        end = np.datetime64(each["valid_to"] or days[-1] + axis.grain.days * DAY, "D")
        is_valid = (days + axis.grain.to_last >= start) & (days < end)
        rates = np.where(applies[:, None] & is_valid, np.maximum(rates, float(each["rate"])), rates)
    if not rates[:, : axis.steps].any():
        return ()
    return (Regressor(PROMOTION, rates, is_planned=True),)


def _is_in(key: Key, promotion: Mapping[str, Any]) -> bool:
    product, category = promotion["product_id"], promotion["category"]
    return (
        promotion["region"] in {"*", key.region}
        and promotion["store_id"] in {None, key.store_id}
        and (key.product == product if product else key.category == category)
    )
