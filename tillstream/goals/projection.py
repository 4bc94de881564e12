"""How a month is expected to end: from the forecast, or from the pace of the month so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import sqrt
from typing import Any

from tillstream.analytics import queries
from tillstream.domain.goals.goal import Level, Target
from tillstream.goals.sales import Sales
from tillstream.goals.shape import Floats
from tillstream.model.months import Month
from tillstream.model.people import UNRESTRICTED

FORECAST, PACE = "forecast", "pace"
SHORTEST = 5
"""Days with sales from which on a pace is extended."""
Z = 1.2816
"""90% quantile of the normal distribution."""
_LEVELS = {
    Level.COMPANY: "total",
    Level.REGION: "region",
    Level.STORE: "store",
    Level.CATEGORY: "category",
}


@dataclass(frozen=True)
class Projection:
    """The expected total of a month, with its 10% and 90% quantiles. method: forecast or pace."""

    mean: Decimal
    low: Decimal
    high: Decimal
    method: str


@dataclass(frozen=True)
class ForecastSum:
    """The forecast from the day after `cutoff_date` to the end of the month."""

    cutoff_date: date
    currency: str
    mean: Decimal
    low: Decimal | None
    high: Decimal | None


def forecast_sums(sales: Sales, month: Month, like: Target) -> Mapping[Target, ForecastSum]:
    """The revenue forecasts of targets like one, which end with the month; none if they begin after its first day, or
    lack a region.

    like: a target of the level; of categories only those of the company have forecasts.
    """
    level = _LEVELS.get(like.level)
    if level is None or (like.level is Level.CATEGORY and like.region):
        return {}
    params: dict[str, Any] = {"target": "revenue", "level": level, "period": "sum", "limit": 1_000_000}
    rows = queries.run_query(sales.warehouse, "forecasts", UNRESTRICTED, cache=sales.cache, **params).to_pylist()
    return {
        Target(
            row["region"] or "",
            "" if row["store_id"] is None else row["store_id"] or "-",
            "",
            "" if row["category"] is None else row["category"] or "-",
        ): ForecastSum(row["cutoff_date"], row["currency"] or "", row["mean"], row["low"], row["high"])
        for row in rows
        if row["last_day"] == month.last
        and (row["cutoff_date"] - month.first).days >= -1
        and not row["missing_regions"]
    }


def of_pace(sold: Sequence[float], weights: Floats, digits: int) -> Projection | None:
    """Extend the pace of the first days of a month; None if fewer than `SHORTEST` of them have sales.

    sold: the sales of the complete days. weights: of all days of the month.

    The estimate is a ratio estimate, rate times weight, with the variance of a day in the ratio of its weight (Cochran,
    Sampling Techniques, 3rd ed., 1977, ch. 6); the band is the prediction interval of the remaining days.
    """
    done, rest = weights[: len(sold)], float(weights[len(sold) :].sum())
    used = [(amount, weight) for amount, weight in zip(sold, done.tolist(), strict=True) if weight > 0]
    elapsed = float(sum(weight for _, weight in used))
    total = float(sum(sold))
    if len([amount for amount, _ in used if amount]) < SHORTEST or elapsed <= 0:
        return None
    rate = total / elapsed
    variance = sum((amount - rate * weight) ** 2 / weight for amount, weight in used) / (len(used) - 1)
    spread = Z * sqrt(variance * (rest + rest**2 / elapsed))
    mean = total + rate * rest
    low, middle, high = (round(Decimal(repr(value)), digits) for value in (mean - spread, mean, mean + spread))
    return Projection(middle, low, high, PACE)
