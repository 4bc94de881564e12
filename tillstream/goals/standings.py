"""Standings of the goals of a month: what was sold, what is expected by now, and how the month is going to end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np

from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts import source_settings
from tillstream.contracts.registry import ContractRegistry
from tillstream.goals import stored_goals
from tillstream.goals.month_projection import (
    FORECAST,
    ForecastSum,
    MonthShapes,
    Projection,
    forecast_sums,
    project_pace,
)
from tillstream.goals.stored_goals import GoalsOfMonth
from tillstream.goals.target_sales import (
    TargetSales,
    complete_company_day,
    member_target,
    target_dimensions,
    target_of_row,
    targets_by_parent,
)
from tillstream.goals.targets import (
    LEVEL_BELOW,
    Division,
    Goal,
    GoalLevel,
    GoalMeasure,
    GoalTarget,
    divide_goal,
    goal_through,
)
from tillstream.model.dates import Month
from tillstream.ports import Ports

ENTERED, SHARE, SUM = "entered", "share", "sum"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class TargetGoal:
    """A goal of a target. origin: entered, share (of the goal above) or sum (of the goals below)."""

    amount: Decimal
    currency: str
    origin: str
    unassigned: Decimal = Decimal(0)
    """What the goals below it lack, or exceed it by (negative), if they are entered."""


@dataclass(frozen=True)
class GoalTree:
    """entered: the stored goals of the month. currency: the reporting currency."""

    sales: TargetSales
    month: Month
    measure: GoalMeasure
    entered: Mapping[GoalTarget, Goal]
    currency: str
    _goals: dict[GoalTarget, TargetGoal | None] = field(default_factory=dict)
    _sold: dict[tuple[tuple[str, ...], str], dict[GoalTarget, Decimal]] = field(default_factory=dict)
    _children: dict[tuple[str, ...], dict[GoalTarget | None, list[GoalTarget]]] = field(default_factory=dict)
    _divisions: dict[tuple[GoalTarget, GoalLevel], Division[GoalTarget]] = field(default_factory=dict)

    def goal(self, target: GoalTarget) -> TargetGoal | None:
        """The goal of a target; None if there is none and none follows."""
        if target not in self._goals:
            self._goals[target] = self._goal(target)
        return self._goals[target]

    def below(self, target: GoalTarget, axis: GoalLevel) -> list[GoalTarget]:
        """The targets whose goals are parts of this one: with sales in the last 12 months or a goal, sorted.

        axis: `CATEGORY`, else the next level of places.
        """
        by = target_dimensions(member_target(target, axis))
        if by not in self._children:
            self._children[by] = targets_by_parent(self._sold_by(target, axis, self.currency))
        own = self._entered_below.get(target, [])
        of_axis = (one for one in own if (one.level is GoalLevel.CATEGORY) == (axis is GoalLevel.CATEGORY))
        return sorted({*self._children[by].get(target, []), *of_axis})

    def of_level(self, level: GoalLevel) -> list[GoalTarget]:
        """All targets of a level."""
        regions = self.below(GoalTarget(), GoalLevel.REGION) if level is not GoalLevel.COMPANY else []
        if level in {GoalLevel.COMPANY, GoalLevel.REGION}:
            return [GoalTarget()] if level is GoalLevel.COMPANY else regions
        if level is GoalLevel.CATEGORY:
            return [one for parent in (GoalTarget(), *regions) for one in self.below(parent, level)]
        stores = [one for region in regions for one in self.below(region, GoalLevel.STORE)]
        return stores if level is GoalLevel.STORE else [one for store in stores for one in self.below(store, level)]

    @cached_property
    def base(self) -> tuple[Month, Month]:
        """The first and last of the 12 months whose sales divide goals: before this month, and complete."""
        newest = max(self.sales.last_days.values(), default=self.month.first)
        last = min(self.month.plus(-1), Month.from_day(newest).plus(-1))
        return last.plus(-11), last

    @cached_property
    def _entered_below(self) -> Mapping[GoalTarget | None, list[GoalTarget]]:
        return targets_by_parent(self.entered)

    def _sold_by(self, target: GoalTarget, axis: GoalLevel, currency: str) -> Mapping[GoalTarget, Decimal]:
        """The sales of the last 12 months of the targets like those below one."""
        by = target_dimensions(member_target(target, axis))
        if (by, currency) not in self._sold:
            first, last = self.base
            self._sold[by, currency] = self.sales.sold(by, self.measure, first.first, last.last, currency)
        return self._sold[by, currency]

    def _goal(self, target: GoalTarget) -> TargetGoal | None:
        entered, parent = self.entered.get(target), target.parent
        if entered:
            return TargetGoal(entered.amount, entered.currency, ENTERED, self._unassigned(target, entered))
        above = self._above(parent) if parent is not None else None
        if above and parent is not None:
            share = self._division(parent, target.level, above).shares.get(target)
            return None if share is None else TargetGoal(share, above.currency, SHARE)
        return self._sum(target)

    def _above(self, target: GoalTarget) -> TargetGoal | None:
        """A goal of a target that can be divided: entered, or the share of one."""
        one = self.goal(target)
        return one if one and one.origin != SUM else None

    def _unassigned(self, target: GoalTarget, goal: Goal) -> Decimal:
        if target.level not in LEVEL_BELOW:
            return Decimal(0)
        entered = TargetGoal(goal.amount, goal.currency, ENTERED)
        axes = {one.level for one in self._entered_below.get(target, [])} - {GoalLevel.CATEGORY}
        return self._division(target, axes.pop(), entered).unassigned if axes else Decimal(0)

    def _division(self, target: GoalTarget, axis: GoalLevel, goal: TargetGoal) -> Division[GoalTarget]:
        if (target, axis) not in self._divisions:
            children = self.below(target, axis)
            sold = self._sold_by(target, axis, goal.currency)
            own = {one: self._converted(one, goal.currency) for one in children if one in self.entered}
            weights = {one: sold.get(one, Decimal(0)) for one in children}
            digits = self.measure.digits(goal.currency)
            self._divisions[target, axis] = divide_goal(goal.amount, own, weights, digits)
        return self._divisions[target, axis]

    def _sum(self, target: GoalTarget) -> TargetGoal | None:
        """The sum of the goals below, if all below that have sales have one."""
        if target.level not in LEVEL_BELOW or not self._has_entered_below(target):
            return None
        axis = LEVEL_BELOW[target.level]
        sold = self._sold_by(target, axis, self.currency)
        goals = []
        for child in self.below(target, axis):
            own = self.entered.get(child)
            one = TargetGoal(own.amount, own.currency, ENTERED) if own else self._sum(child)
            if one is None and sold.get(child, Decimal(0)) > 0:
                return None
            goals += [one] if one else []
        if not goals:
            return None
        currencies = {one.currency for one in goals}
        currency = currencies.pop() if len(currencies) == 1 else self.currency
        amounts = (self.convert(one.amount, one.currency, currency) for one in goals)
        return TargetGoal(sum(amounts, Decimal(0)), currency, SUM)

    def _has_entered_below(self, target: GoalTarget) -> bool:
        return any(
            one != target and not one.category and target.region in {"", one.region} and target.store in {"", one.store}
            for one in self.entered
        )

    def _converted(self, target: GoalTarget, currency: str) -> Decimal:
        goal = self.entered[target]
        return self.convert(goal.amount, goal.currency, currency)

    def convert(self, amount: Decimal, currency: str, into: str) -> Decimal:
        """At the latest exchange rates; without a rate, the amount counts as 0."""
        if currency == into:
            return amount
        rates = self.sales.rates | {self.currency: Decimal(1)}
        if currency not in rates or into not in rates:
            return Decimal(0)
        return round(amount * rates[currency] / rates[into], self.measure.digits(into))


@dataclass(frozen=True)
class GoalStanding:
    """One target in a month. Amounts are in `currency`, which is empty for units and orders."""

    target: GoalTarget
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

    sales: TargetSales
    tree: GoalTree

    @property
    def month(self) -> Month:
        return self.tree.month

    @property
    def measure(self) -> GoalMeasure:
        return self.tree.measure

    def for_targets(self, targets: Sequence[GoalTarget]) -> list[GoalStanding]:
        """The standings of targets of one level."""
        groups: dict[tuple[str, date | None], list[GoalTarget]] = {}
        for target in targets:
            groups.setdefault((self.currency(target), self._through(target)), []).append(target)
        standings = {
            one.target: one
            for (currency, until), members in groups.items()
            for one in self._of_group(members, currency, until)
        }
        return [standings[target] for target in targets]

    def of_all(self, targets: Sequence[GoalTarget]) -> list[GoalStanding]:
        """The standings of targets of several levels."""
        by_kind: dict[tuple[str, ...], list[GoalTarget]] = {}
        for target in targets:
            by_kind.setdefault(target_dimensions(target), []).append(target)
        return [one for members in by_kind.values() for one in self.for_targets(members)]

    def currency(self, target: GoalTarget) -> str:
        """That of its goal, else the reporting currency."""
        goal = self.tree.goal(target)
        if not self.measure.is_money:
            return ""
        return goal.currency if goal else self.tree.currency

    def days(self, target: GoalTarget) -> list[DayOfMonth]:
        """The days of the month of one target."""
        goal, until, weights = self.tree.goal(target), self._through(target), self._shapes.weights_of(target).tolist()
        currency = self.currency(target)
        digits = self.measure.digits(currency)
        sold = self._by_day([target], currency, until).get(target, []) if until else []
        sums = np.cumsum(sold).tolist()
        days = []
        for number in range(self.month.days):
            expected = goal_through(goal.amount, weights, number + 1, digits) if goal else None
            total = round(Decimal(repr(sums[number])), digits) if number < len(sums) else None
            days.append(DayOfMonth(self.month.first + number * DAY, expected, total))
        return days

    @cached_property
    def _complete(self) -> Mapping[str, date]:
        return self.sales.complete_through(self.month)

    @cached_property
    def _shapes(self) -> MonthShapes:
        return MonthShapes(self.sales, self.month)

    def _through(self, target: GoalTarget) -> date | None:
        day = self._complete.get(target.region) if target.region else complete_company_day(self._complete)
        return None if day is None or day < self.month.first else min(day, self.month.last)

    def _of_group(self, targets: Sequence[GoalTarget], currency: str, until: date | None) -> Iterable[GoalStanding]:
        by, first, last = target_dimensions(targets[0]), self.month.first, self.month.last
        next_day = until + DAY if until else first
        sold = self.sales.sold(by, self.measure, first, until, currency) if until else {}
        since = self.sales.sold(by, self.measure, next_day, min(last, self.sales.today + DAY), currency)
        projections = self._projections(targets, currency, until)
        is_margin = self.measure is GoalMeasure.MARGIN
        coverage = self.sales.coverage(by, first, min(last, self.sales.today + DAY)) if is_margin else {}
        for target in targets:
            goal, weights = self.tree.goal(target), self._shapes.weights_of(target).tolist()
            digits, none = self.measure.digits(currency), Decimal(0)
            amount, later = sold.get(target, none), since.get(target, none)
            done = (until - first).days + 1 if until else 0
            yield GoalStanding(
                target,
                currency,
                goal,
                until,
                amount,
                later,
                goal_through(goal.amount, weights, done, digits) if goal else None,
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

    def _projections(
        self, targets: Sequence[GoalTarget], currency: str, until: date | None
    ) -> dict[GoalTarget, Projection]:
        if until == self.month.last:
            return {}
        projections = self._from_forecasts(targets, currency)
        others = [target for target in targets if target not in projections]
        if until and others:
            days = self._by_day(others, currency, until)
            for target in others:
                weights, digits = self._shapes.weights_of(target), self.measure.digits(currency)
                pace = project_pace(days.get(target, []), weights, digits)
                if pace:
                    projections[target] = pace
        return projections

    def _from_forecasts(self, targets: Sequence[GoalTarget], currency: str) -> dict[GoalTarget, Projection]:
        if self.measure is not GoalMeasure.REVENUE:
            return {}
        sums = forecast_sums(self.sales, self.month, targets[0])
        usable = {one: sums[one] for one in targets if one in sums and sums[one].currency == currency}
        by, projections = target_dimensions(targets[0]), dict[GoalTarget, Projection]()
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

    def _by_day(self, targets: Sequence[GoalTarget], currency: str, until: date) -> dict[GoalTarget, list[float]]:
        """The sales of each day until `until`."""
        by, first = target_dimensions(targets[0]), self.month.first
        days: dict[GoalTarget, list[float]] = {}
        for row in self.sales.rows((self.measure.value,), ("day", *by), first, until, currency):
            each = days.setdefault(target_of_row(row), [0.0] * ((until - first).days + 1))
            each[(row["day"] - first).days] = float(row[self.measure.value] or 0)
        return days


@dataclass(frozen=True)
class MonthOfGoals:
    """A month, with what is read of it kept for one request."""

    ports: Ports
    contracts: ContractRegistry
    reporting_currency: str
    month: Month
    cache: QueryCache | None = None

    @cached_property
    def stored(self) -> GoalsOfMonth:
        """The goals that were entered."""
        return stored_goals.read_goals(self.ports, self.month)

    @cached_property
    def sales(self) -> TargetSales:
        contracts = [self.contracts.current(name) for name in self.contracts.names()]
        resolved = tuple(source_settings.with_expectations(self.ports, contracts))
        return TargetSales(self.ports.warehouse, self.ports.clock.now().date(), resolved, self.cache)

    def standings(self, measure: GoalMeasure) -> Standings:
        """The standings in one measure."""
        entered = {goal.target: goal for goal in self.stored.goals.values() if goal.measure is measure}
        return Standings(self.sales, GoalTree(self.sales, self.month, measure, entered, self.reporting_currency))

    def currency_of(self, target: GoalTarget) -> str:
        """The currency in which a goal of the target is usually entered: that of its region."""
        of_region = {
            contract.currency
            for contract in self.sales.contracts
            if contract.region == target.region and contract.currency
        }
        return str(of_region.pop()) if len(of_region) == 1 else self.reporting_currency
