"""What if prices change: units, revenue and margin of a forecast at another price, where past changes allow it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation

import numpy as np
from flask import request

from portal import figures
from portal.context import scope
from portal.forecast.nodes import TARGETS
from portal.forecast.numbers import ShownForecast
from portal.translation import _
from tillstream.analytics.filters import Filters
from tillstream.forecasting import price_effects
from tillstream.forecasting.models.panel import Floats
from tillstream.forecasting.price_effects import PriceEffect
from tillstream.model.permissions import Action

DAYS = 28
"""Length of what is computed."""
MARGIN_OF = timedelta(days=91)
"""Time whose margin rate is taken as the present one."""


@dataclass(frozen=True)
class PriceRow:
    """A figure at the forecast price and at the other one, with the range of the price effect.

    Amounts are None where there is no forecast of the figure; `change` and its range are fractions.
    """

    label: str
    currency: str
    now: float | None
    change: float
    low: float
    high: float

    def at(self, change: float) -> float | None:
        """The figure after a change."""
        return None if self.now is None else self.now * (1 + change)


@dataclass(frozen=True)
class WhatIf:
    """The price effect of the category of a node, and the rows for the price change in the address."""

    effect: PriceEffect | None
    """None: too few prices have changed, or without a clear effect; `sentence` has the reason."""
    sentence: str
    entered: str = ""
    problem: str = ""
    rows: tuple[PriceRow, ...] = ()

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest price change in the data, in whole percent."""
        ends = (self.effect.lowest_change, self.effect.highest_change) if self.effect else (0.0, 0.0)
        return round(ends[0] * 100), round(ends[1] * 100)


def what_if(shown: ShownForecast) -> WhatIf | None:
    """The price effect of what the page shows; None if that is not of one category."""
    if "category" not in shown.node.values:
        return None
    rows = figures.rows("price-effects", Filters(category=shown.node.filters.category))
    if not rows:
        few = _(
            "Too few prices have changed in this category. It needs {fewest} products whose list price in the "
            "catalogue, or promotion, differed by 5% for three weeks."
        )
        return WhatIf(None, few.format(fewest=price_effects.FEWEST_CHANGES))
    effect = PriceEffect.of_row(rows[0])
    if not effect.is_clear:
        unclear = _(
            "The list prices or promotions of {products} products changed, without a clear effect on units. "
            "Nothing can be computed from that."
        )
        return WhatIf(None, unclear.format(products=effect.products))
    more, low, high = (each - 1 for each in effect.units_at(-0.1))
    sentence = _(
        "At prices 10% lower, {more:.0%} more units were sold (80% range: {low:.0%} to {high:.0%}). This is what the "
        "{products} products of the category show whose list price or promotion changed, each compared with the "
        "others of the category in the same store and week.",
        more=more,
        low=low,
        high=high,
        products=effect.products,
    )
    return _computed(WhatIf(effect, sentence, request.args.get("price", "").strip()), effect, shown)


def _computed(offered: WhatIf, effect: PriceEffect, shown: ShownForecast) -> WhatIf:
    """With the rows of the entered price change, or with what is wrong with it."""
    if not offered.entered:
        return offered
    low, high = offered.limits
    try:
        percent = Decimal(offered.entered.replace("%", "").replace("−", "-").replace(",", ".").strip())
    except InvalidOperation:
        problem = _("“{entered}” is not a number. Write a change in percent, such as -10.", entered=offered.entered)
        return replace(offered, problem=problem)
    if percent.is_nan() or not low <= percent <= high or not percent:
        problem = _(
            "Enter a change from {low:+}% to {high:+}%, other than 0. Prices further from the usual one have "
            "not been tried."
        )
        return replace(offered, problem=problem.format(low=low, high=high))
    return replace(offered, rows=tuple(_rows(shown, effect, float(percent) / 100)))


def _rows(shown: ShownForecast, effect: PriceEffect, change: float) -> Iterator[PriceRow]:
    units, revenue = replace(shown, target="units"), replace(shown, target="revenue")
    factors = np.array(effect.units_at(change))
    yield _row(TARGETS["units"], *_expected(units), factors)
    now, currency = _expected(revenue)
    yield _row(TARGETS["revenue"], now, currency, (1 + change) * factors)
    rate = _margin_rate(shown) if scope().may(Action.SEE_COSTS) else None
    if rate:
        yield _row(_("Gross margin"), None if now is None else now * rate, currency, (change + rate) / rate * factors)


def _row(label: str, now: float | None, currency: str, factors: Floats) -> PriceRow:
    change, low, high = (factors - 1).tolist()
    return PriceRow(label, currency, now, change, min(low, high), max(low, high))


def _expected(shown: ShownForecast) -> tuple[float | None, str]:
    """The forecast of the next days and its currency; None if it is not of this figure."""
    if shown.node.level == "product" and shown.target == "revenue":
        return None, ""
    row = next((row for row in shown.sums() if row["days"] == DAYS), None)
    return (None, "") if row is None else (float(row["mean"]), row.get("currency") or "")


def _margin_rate(shown: ShownForecast) -> float | None:
    """Margin ÷ revenue of the last days, of the lines with a cost; None without costs or without a margin."""
    cutoff_date = shown.ahead()[0]["cutoff_date"]
    filters = replace(shown.node.filters, start=cutoff_date - MARGIN_OF, end=cutoff_date)
    rate = figures.rows("headline", filters)[0]["margin_rate"]
    return float(rate) if rate and rate > 0 else None
