"""How sales are spread over the days of a month: by the weekdays and holidays of the 52 weeks before it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

import sql
from tillstream.domain.goals.goal import WITHOUT, Level, Target
from tillstream.goals.sales import PLACES, Sales
from tillstream.model.months import Month

Floats = NDArray[np.float64]
LENGTH = 364
"""Days that a shape is computed from; each weekday is there 52 times."""
SHORTEST = 56
"""Days since its first sale from which on a store has a shape of its own."""
MOST = 5.0
"""Largest ratio of a holiday to a usual day of its weekday."""


@dataclass(frozen=True)
class Shapes:
    """Weights of the days of a month."""

    sales: Sales
    month: Month

    def of(self, target: Target) -> Floats:
        """The weights of a target: those of its store, region or the company; never all zero.

        A store whose first sale was less than 8 weeks before has those of its region.
        """
        store = Target(target.region, target.store)
        for place in (store, Target(store.region), Target()):
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
    def _weights(self) -> Mapping[Target, Floats]:
        stores = self._sold_by_store()
        weights: dict[Target, Floats] = {}
        regions: dict[str, list[Floats]] = {}
        for store, sold in stores.items():
            regions.setdefault(store.region, []).append(sold)
            own = self._of_days(sold, self._countries.get(store, ""))
            if own is not None:
                weights[store] = own
        for region, parts in regions.items():
            own = self._of_days(np.sum(parts, axis=0), self._countries.get(Target(region), ""))
            if own is not None:
                weights[Target(region)] = own
        of_regions = [weights[Target(region)] for region in regions if Target(region) in weights]
        if of_regions:
            weights[Target()] = np.sum(of_regions, axis=0)
        return weights

    def _sold_by_store(self) -> dict[Target, Floats]:
        """Revenue of each day; shape (LENGTH,)."""
        first = self.last - timedelta(days=LENGTH - 1)
        rows = self.sales.rows(("revenue",), ("day", *PLACES[Level.STORE]), first, self.last)
        sold: dict[Target, Floats] = {}
        for row in rows:
            store = Target(row["region"] or WITHOUT, row["store"] or WITHOUT)
            days = sold.setdefault(store, np.zeros(LENGTH))
            days[(row["day"] - first).days] += max(float(row["revenue"] or 0), 0.0)
        return sold

    @cached_property
    def _countries(self) -> Mapping[Target, str]:
        """The country with the most revenue, of each store and region."""
        first = self.last - timedelta(days=LENGTH - 1)
        rows = self.sales.rows(("revenue",), (*PLACES[Level.STORE], "country"), first, self.last)
        sold: dict[Target, Counter[str]] = {}
        for row in rows:
            for place in (Target(row["region"] or WITHOUT, row["store"] or WITHOUT), Target(row["region"] or WITHOUT)):
                sold.setdefault(place, Counter())[row["country"] or ""] += int(row["revenue"] or 0)
        return {place: each.most_common(1)[0][0] for place, each in sold.items()}

    @cached_property
    def _holidays(self) -> Mapping[str, Mapping[date, str]]:
        """Holidays by country and day."""
        params = {"first": self.last - timedelta(days=LENGTH - 1), "last": self.month.last}
        by_country: dict[str, dict[date, str]] = {}
        for row in self.sales.warehouse.query(sql.text("reference/holidays"), params).to_pylist():
            by_country.setdefault(row["country"], {})[row["holiday_date"]] = row["name"]
        return by_country

    def _of_days(self, sold: Floats, country: str) -> Floats | None:
        """Weights from the sales of LENGTH days; None if they began too recently."""
        started = int(np.argmax(sold > 0)) if sold.any() else LENGTH
        if LENGTH - started < SHORTEST:
            return None
        first, holidays = self.last - timedelta(days=LENGTH - 1), self._holidays.get(country, {})
        days = [first + timedelta(days=n) for n in range(started, LENGTH)]
        usual = _usual(days, sold[started:], holidays)
        ratios = _ratios(days, sold[started:], usual, holidays)
        pooled = float(np.mean([*ratios.values()])) if ratios else 1.0
        month = [self.month.first + timedelta(days=n) for n in range(self.month.days)]
        weights = [
            usual[day.weekday()] * (ratios.get(holidays[day], pooled) if day in holidays else 1.0) for day in month
        ]
        return np.array(weights) if any(weights) else None


def _usual(days: Sequence[date], sold: Floats, holidays: Mapping[date, str]) -> Floats:
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
            ratios[holidays[day]] = min(amount / float(usual[day.weekday()]), MOST)
    return ratios
