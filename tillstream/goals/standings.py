"""Standings: what each target sold of its goal, what is expected by now, and how the month is going to end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np

from tillstream.domain.goals.division import through
from tillstream.domain.goals.goal import GoalMeasure, Target
from tillstream.goals.projection import FORECAST, ForecastSum, Projection, forecast_sums, of_pace
from tillstream.goals.sales import Sales, dimensions, of_company, target_of
from tillstream.goals.shape import Shapes
from tillstream.goals.tree import GoalTree, TargetGoal
from tillstream.model.months import Month

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """One target in a month. Amounts are in `currency`, which is empty for units and orders."""

    target: Target
    currency: str
    goal: TargetGoal | None
    through: date | None
    """The last complete day of the month; None before its first."""
    sold: Decimal
    """Until `through`."""
    since: Decimal
    """After `through`: days that are not complete yet."""
    expected: Decimal | None
    """The part of the goal for the days until `through`; None without a goal."""
    projection: Projection | None
    required: Decimal | None
    """What has to be sold on each remaining selling day; None if the goal is reached or the month is over."""
    coverage: Decimal | None = None
    """Of margin: the part of revenue whose cost is in the data."""

    @property
    def reached(self) -> Decimal | None:
        """Sold, also on incomplete days, as a fraction of the goal."""
        return (self.sold + self.since) / self.goal.amount if self.goal and self.goal.amount > 0 else None

    @property
    def ahead(self) -> Decimal | None:
        """Sold minus expected."""
        return None if self.expected is None else self.sold - self.expected


@dataclass(frozen=True)
class DayOfMonth:
    """A day of one target: sums from the first day of the month. sold: None for days that are not complete."""

    day: date
    expected: Decimal | None
    sold: Decimal | None


@dataclass(frozen=True)
class Standings:
    """The standings of a month in one measure."""

    sales: Sales
    tree: GoalTree

    @property
    def month(self) -> Month:
        return self.tree.month

    @property
    def measure(self) -> GoalMeasure:
        return self.tree.measure

    def of(self, targets: Sequence[Target]) -> list[Standing]:
        """The standings of targets of one level."""
        groups: dict[tuple[str, date | None], list[Target]] = {}
        for target in targets:
            groups.setdefault((self.currency(target), self._through(target)), []).append(target)
        standings = {
            one.target: one
            for (currency, until), members in groups.items()
            for one in self._of_group(members, currency, until)
        }
        return [standings[target] for target in targets]

    def of_all(self, targets: Sequence[Target]) -> list[Standing]:
        """The standings of targets of several levels."""
        by_kind: dict[tuple[str, ...], list[Target]] = {}
        for target in targets:
            by_kind.setdefault(dimensions(target), []).append(target)
        return [one for members in by_kind.values() for one in self.of(members)]

    def currency(self, target: Target) -> str:
        """That of its goal, else the reporting currency."""
        goal = self.tree.goal(target)
        if not self.measure.is_money:
            return ""
        return goal.currency if goal else self.tree.currency

    def days(self, target: Target) -> list[DayOfMonth]:
        """The days of the month of one target."""
        goal, until, weights = self.tree.goal(target), self._through(target), self._shapes.of(target).tolist()
        currency = self.currency(target)
        digits = self.measure.digits(currency)
        sold = self._by_day([target], currency, until).get(target, []) if until else []
        sums = np.cumsum(sold).tolist()
        days = []
        for number in range(self.month.days):
            expected = through(goal.amount, weights, number + 1, digits) if goal else None
            total = round(Decimal(repr(sums[number])), digits) if number < len(sums) else None
            days.append(DayOfMonth(self.month.first + number * DAY, expected, total))
        return days

    @cached_property
    def _complete(self) -> Mapping[str, date]:
        return self.sales.complete_through(self.month)

    @cached_property
    def _shapes(self) -> Shapes:
        return Shapes(self.sales, self.month)

    def _through(self, target: Target) -> date | None:
        day = self._complete.get(target.region) if target.region else of_company(self._complete)
        return None if day is None or day < self.month.first else min(day, self.month.last)

    def _of_group(self, targets: Sequence[Target], currency: str, until: date | None) -> Iterable[Standing]:
        by, first, last = dimensions(targets[0]), self.month.first, self.month.last
        next_day = until + DAY if until else first
        sold = self.sales.sold(by, self.measure, first, until, currency) if until else {}
        since = self.sales.sold(by, self.measure, next_day, min(last, self.sales.today + DAY), currency)
        projections = self._projections(targets, currency, until)
        is_margin = self.measure is GoalMeasure.MARGIN
        coverage = self.sales.coverage(by, first, min(last, self.sales.today + DAY)) if is_margin else {}
        for target in targets:
            goal, weights = self.tree.goal(target), self._shapes.of(target).tolist()
            digits, none = self.measure.digits(currency), Decimal(0)
            amount, later = sold.get(target, none), since.get(target, none)
            done = (until - first).days + 1 if until else 0
            yield Standing(
                target,
                currency,
                goal,
                until,
                amount,
                later,
                through(goal.amount, weights, done, digits) if goal else None,
                projections.get(target),
                self._required(goal, amount + later, weights, next_day, digits) if goal else None,
                coverage.get(target),
            )

    def _required(
        self, goal: TargetGoal, sold: Decimal, weights: Sequence[float], next_day: date, digits: int
    ) -> Decimal | None:
        start = max(next_day, self.sales.today, self.month.first)
        days = sum(weight > 0 for weight in weights[(start - self.month.first).days :])
        if start > self.month.last or not days or sold >= goal.amount:
            return None
        return round((goal.amount - sold) / days, digits)

    def _projections(self, targets: Sequence[Target], currency: str, until: date | None) -> dict[Target, Projection]:
        if until == self.month.last:
            return {}
        projections = self._from_forecasts(targets, currency)
        others = [target for target in targets if target not in projections]
        if until and others:
            days = self._by_day(others, currency, until)
            for target in others:
                weights, digits = self._shapes.of(target), self.measure.digits(currency)
                pace = of_pace(days.get(target, []), weights, digits)
                if pace:
                    projections[target] = pace
        return projections

    def _from_forecasts(self, targets: Sequence[Target], currency: str) -> dict[Target, Projection]:
        if self.measure is not GoalMeasure.REVENUE:
            return {}
        sums = forecast_sums(self.sales, self.month, targets[0])
        usable = {one: sums[one] for one in targets if one in sums and sums[one].currency == currency}
        by, projections = dimensions(targets[0]), dict[Target, Projection]()
        sold = {
            cutoff: self.sales.sold(by, self.measure, self.month.first, cutoff, currency)
            for cutoff in {one.cutoff_date for one in usable.values()}
        }
        for target, one in usable.items():
            projections[target] = self._ended(sold[one.cutoff_date].get(target, Decimal(0)), one, currency)
        return projections

    def _ended(self, sold: Decimal, one: ForecastSum, currency: str) -> Projection:
        digits = self.measure.digits(currency)
        low, high = (one.mean if each is None else each for each in (one.low, one.high))
        mean, low, high = (round(sold + each, digits) for each in (one.mean, low, high))
        return Projection(mean, low, high, FORECAST)

    def _by_day(self, targets: Sequence[Target], currency: str, until: date) -> dict[Target, list[float]]:
        """The sales of each day until `until`."""
        by, first = dimensions(targets[0]), self.month.first
        days: dict[Target, list[float]] = {}
        for row in self.sales.rows((self.measure.value,), ("day", *by), first, until, currency):
            each = days.setdefault(target_of(row), [0.0] * ((until - first).days + 1))
            each[(row["day"] - first).days] = float(row[self.measure.value] or 0)
        return days
