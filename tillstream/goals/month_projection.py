"""How sales are spread over the days of a month, and how the month is expected to end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sql
from tillstream.analytics import queries
from tillstream.goals.target_sales import PLACE_FIELDS, TargetSales
from tillstream.goals.targets import WITHOUT_VALUE, GoalLevel, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.people import UNRESTRICTED

Floats = NDArray[np.float64]
SHAPE_DAYS = 364
"""Days that a shape is computed from; each weekday is there 52 times."""
SHORTEST_SHAPE = 56
"""Days since its first sale from which on a store has a shape of its own."""
MAX_RATIO = 5.0
"""Largest ratio of a holiday to a usual day of its weekday."""

FORECAST, PACE = "forecast", "pace"
SHORTEST_PACE = 5
"""Days with sales from which on a pace is extended."""
QUANTILE_DEVIATIONS = 1.2816
"""90% quantile of the normal distribution."""
_LEVELS = {
    GoalLevel.COMPANY: "total",
    GoalLevel.REGION: "region",
    GoalLevel.STORE: "store",
    GoalLevel.CATEGORY: "category",
}


@dataclass(frozen=True)
class MonthShapes:
    """Weights of the days of a month."""

    sales: TargetSales
    month: Month

    def weights_of(self, target: GoalTarget) -> Floats:
        """The weights of a target: those of its store, region or the company; never all zero.

        A store whose first sale was less than 8 weeks before has those of its region.
        """
        store = GoalTarget(target.region, target.store)
        for place in (store, GoalTarget(store.region), GoalTarget()):
            weights = self._weights.get(place)
            if weights is not None:
                return weights
        return np.ones(self.month.days)

    @property
    def last(self) -> date:
        """The last day of the weeks that the weights are computed from: before the month, and complete."""
        newest = max(self.sales.last_days.values(), default=self.month.first)
        return min(self.month.first - timedelta(days=1), newest)

    @cached_property
    def _weights(self) -> Mapping[GoalTarget, Floats]:
        stores = self._sold_by_store()
        weights: dict[GoalTarget, Floats] = {}
        regions: dict[str, list[Floats]] = {}
        for store, sold in stores.items():
            regions.setdefault(store.region, []).append(sold)
            own = self._of_days(sold, self._countries.get(store, ""))
            if own is not None:
                weights[store] = own
        for region, parts in regions.items():
            own = self._of_days(np.sum(parts, axis=0), self._countries.get(GoalTarget(region), ""))
            if own is not None:
                weights[GoalTarget(region)] = own
        of_regions = [weights[GoalTarget(region)] for region in regions if GoalTarget(region) in weights]
        if of_regions:
            weights[GoalTarget()] = np.sum(of_regions, axis=0)
        return weights

    def _sold_by_store(self) -> dict[GoalTarget, Floats]:
        """Revenue of each day; shape (LENGTH,)."""
        first = self.last - timedelta(days=SHAPE_DAYS - 1)
        rows = self.sales.rows(("revenue",), ("day", *PLACE_FIELDS[GoalLevel.STORE]), first, self.last)
        sold: dict[GoalTarget, Floats] = {}
        for row in rows:
            store = GoalTarget(row["region"] or WITHOUT_VALUE, row["store"] or WITHOUT_VALUE)
            days = sold.setdefault(store, np.zeros(SHAPE_DAYS))
            days[(row["day"] - first).days] += max(float(row["revenue"] or 0), 0.0)
        return sold

    @cached_property
    def _countries(self) -> Mapping[GoalTarget, str]:
        """The country with the most revenue, of each store and region."""
        first = self.last - timedelta(days=SHAPE_DAYS - 1)
        rows = self.sales.rows(("revenue",), (*PLACE_FIELDS[GoalLevel.STORE], "country"), first, self.last)
        sold: dict[GoalTarget, Counter[str]] = {}
        for row in rows:
            for place in (
                GoalTarget(row["region"] or WITHOUT_VALUE, row["store"] or WITHOUT_VALUE),
                GoalTarget(row["region"] or WITHOUT_VALUE),
            ):
                sold.setdefault(place, Counter())[row["country"] or ""] += int(row["revenue"] or 0)
        return {place: each.most_common(1)[0][0] for place, each in sold.items()}

    @cached_property
    def _holidays(self) -> Mapping[str, Mapping[date, str]]:
        """Holidays by country and day."""
        params = {"first": self.last - timedelta(days=SHAPE_DAYS - 1), "last": self.month.last}
        by_country: dict[str, dict[date, str]] = {}
        for row in self.sales.warehouse.query(sql.text("reference/holidays"), params).to_pylist():
            by_country.setdefault(row["country"], {})[row["holiday_date"]] = row["name"]
        return by_country

    def _of_days(self, sold: Floats, country: str) -> Floats | None:
        """Weights from the sales of LENGTH days; None if they began too recently."""
        started = int(np.argmax(sold > 0)) if sold.any() else SHAPE_DAYS
        if SHAPE_DAYS - started < SHORTEST_SHAPE:
            return None
        first, holidays = self.last - timedelta(days=SHAPE_DAYS - 1), self._holidays.get(country, {})
        days = [first + timedelta(days=n) for n in range(started, SHAPE_DAYS)]
        usual = _usual_sales(days, sold[started:], holidays)
        ratios = _ratios(days, sold[started:], usual, holidays)
        pooled = float(np.mean([*ratios.values()])) if ratios else 1.0
        month = [self.month.first + timedelta(days=n) for n in range(self.month.days)]
        weights = [
            usual[day.weekday()] * (ratios.get(holidays[day], pooled) if day in holidays else 1.0) for day in month
        ]
        return np.array(weights) if any(weights) else None


def _usual_sales(days: Sequence[date], sold: Floats, holidays: Mapping[date, str]) -> Floats:
    """Mean sales of each weekday, without holidays; shape (7,)."""
    weekdays = np.array([day.weekday() for day in days])
    is_usual = np.array([day not in holidays for day in days])
    counts = np.bincount(weekdays[is_usual], minlength=7)
    sums = np.bincount(weekdays[is_usual], weights=sold[is_usual], minlength=7)
    return np.asarray(sums / np.maximum(counts, 1))


def _ratios(days: Sequence[date], sold: Floats, usual: Floats, holidays: Mapping[date, str]) -> dict[str, float]:
    """Ratio of each holiday to a usual day of its weekday, by its name."""
    ratios = {}
    for day, amount in zip(days, sold.tolist(), strict=True):
        if day in holidays and usual[day.weekday()] > 0:
            ratios[holidays[day]] = min(amount / float(usual[day.weekday()]), MAX_RATIO)
    return ratios


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


def forecast_sums(sales: TargetSales, month: Month, like: GoalTarget) -> Mapping[GoalTarget, ForecastSum]:
    """The revenue forecasts of targets like one, which end with the month; none if they begin after its first day, or
    lack a region.

    like: a target of the level; of categories only those of the company have forecasts.
    """
    level = _LEVELS.get(like.level)
    if level is None or (like.level is GoalLevel.CATEGORY and like.region):
        return {}
    params: dict[str, Any] = {"target": "revenue", "level": level, "period": "sum", "limit": 1_000_000}
    rows = queries.run_query(sales.warehouse, "forecasts", UNRESTRICTED, cache=sales.cache, **params).to_pylist()
    return {
        GoalTarget(
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


def project_pace(sold: Sequence[float], weights: Floats, digits: int) -> Projection | None:
    """Extend the pace of the first days of a month; None if fewer than `SHORTEST_PACE` of them have sales.

    sold: the sales of the complete days. weights: of all days of the month.

    The estimate is a ratio estimate, rate times weight, with the variance of a day in the ratio of its weight (Cochran,
    Sampling Techniques, 3rd ed., 1977, ch. 6); the band is the prediction interval of the remaining days.
    """
    done, rest = weights[: len(sold)], float(weights[len(sold) :].sum())
    used = [(amount, weight) for amount, weight in zip(sold, done.tolist(), strict=True) if weight > 0]
    elapsed = float(sum(weight for _, weight in used))
    total = float(sum(sold))
    if len([amount for amount, _ in used if amount]) < SHORTEST_PACE or elapsed <= 0:
        return None
    rate = total / elapsed
    variance = sum((amount - rate * weight) ** 2 / weight for amount, weight in used) / (len(used) - 1)
    spread = QUANTILE_DEVIATIONS * sqrt(variance * (rest + rest**2 / elapsed))
    mean = total + rate * rest
    low, middle, high = (round(Decimal(repr(value)), digits) for value in (mean - spread, mean, mean + spread))
    return Projection(middle, low, high, PACE)
