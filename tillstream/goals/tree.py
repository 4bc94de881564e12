"""The goals of a month in one measure: those that were entered, and those that follow from goals above or below."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from tillstream.domain.goals.division import Division, divide
from tillstream.domain.goals.goal import BELOW, Goal, GoalMeasure, Level, Target
from tillstream.goals.sales import Sales, by_parent, dimensions, members
from tillstream.model.months import Month

ENTERED, SHARE, SUM = "entered", "share", "sum"


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

    sales: Sales
    month: Month
    measure: GoalMeasure
    entered: Mapping[Target, Goal]
    currency: str
    _goals: dict[Target, TargetGoal | None] = field(default_factory=dict)
    _sold: dict[tuple[tuple[str, ...], str], dict[Target, Decimal]] = field(default_factory=dict)
    _children: dict[tuple[str, ...], dict[Target | None, list[Target]]] = field(default_factory=dict)
    _divisions: dict[tuple[Target, Level], Division[Target]] = field(default_factory=dict)

    def goal(self, target: Target) -> TargetGoal | None:
        """The goal of a target; None if there is none and none follows."""
        if target not in self._goals:
            self._goals[target] = self._goal(target)
        return self._goals[target]

    def below(self, target: Target, axis: Level) -> list[Target]:
        """The targets whose goals are parts of this one: with sales in the last 12 months or a goal, sorted.

        axis: `CATEGORY`, else the next level of places.
        """
        by = dimensions(members(target, axis))
        if by not in self._children:
            self._children[by] = by_parent(self._sold_by(target, axis, self.currency))
        own = self._entered_below.get(target, [])
        of_axis = (one for one in own if (one.level is Level.CATEGORY) == (axis is Level.CATEGORY))
        return sorted({*self._children[by].get(target, []), *of_axis})

    def of_level(self, level: Level) -> list[Target]:
        """All targets of a level."""
        regions = self.below(Target(), Level.REGION) if level is not Level.COMPANY else []
        if level in {Level.COMPANY, Level.REGION}:
            return [Target()] if level is Level.COMPANY else regions
        if level is Level.CATEGORY:
            return [one for parent in (Target(), *regions) for one in self.below(parent, level)]
        stores = [one for region in regions for one in self.below(region, Level.STORE)]
        return stores if level is Level.STORE else [one for store in stores for one in self.below(store, level)]

    @cached_property
    def base(self) -> tuple[Month, Month]:
        """The first and last of the 12 months whose sales divide goals: before this month, and complete."""
        newest = max(self.sales.last_days.values(), default=self.month.first)
        last = min(self.month.plus(-1), Month.of(newest).plus(-1))
        return last.plus(-11), last

    @cached_property
    def _entered_below(self) -> Mapping[Target | None, list[Target]]:
        return by_parent(self.entered)

    def _sold_by(self, target: Target, axis: Level, currency: str) -> Mapping[Target, Decimal]:
        """The sales of the last 12 months of the targets like those below one."""
        by = dimensions(members(target, axis))
        if (by, currency) not in self._sold:
            first, last = self.base
            self._sold[by, currency] = self.sales.sold(by, self.measure, first.first, last.last, currency)
        return self._sold[by, currency]

    def _goal(self, target: Target) -> TargetGoal | None:
        entered, parent = self.entered.get(target), target.parent
        if entered:
            return TargetGoal(entered.amount, entered.currency, ENTERED, self._unassigned(target, entered))
        above = self._above(parent) if parent is not None else None
        if above and parent is not None:
            share = self._division(parent, target.level, above).shares.get(target)
            return None if share is None else TargetGoal(share, above.currency, SHARE)
        return self._sum(target)

    def _above(self, target: Target) -> TargetGoal | None:
        """A goal of a target that can be divided: entered, or the share of one."""
        one = self.goal(target)
        return one if one and one.origin != SUM else None

    def _unassigned(self, target: Target, goal: Goal) -> Decimal:
        if target.level not in BELOW:
            return Decimal(0)
        entered = TargetGoal(goal.amount, goal.currency, ENTERED)
        axes = {one.level for one in self._entered_below.get(target, [])} - {Level.CATEGORY}
        return self._division(target, axes.pop(), entered).unassigned if axes else Decimal(0)

    def _division(self, target: Target, axis: Level, goal: TargetGoal) -> Division[Target]:
        if (target, axis) not in self._divisions:
            children = self.below(target, axis)
            sold = self._sold_by(target, axis, goal.currency)
            own = {one: self._converted(one, goal.currency) for one in children if one in self.entered}
            weights = {one: sold.get(one, Decimal(0)) for one in children}
            digits = self.measure.digits(goal.currency)
            self._divisions[target, axis] = divide(goal.amount, own, weights, digits)
        return self._divisions[target, axis]

    def _sum(self, target: Target) -> TargetGoal | None:
        """The sum of the goals below, if all below that have sales have one."""
        if target.level not in BELOW or not self._has_entered_below(target):
            return None
        axis = BELOW[target.level]
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

    def _has_entered_below(self, target: Target) -> bool:
        return any(
            one != target and not one.category and target.region in {"", one.region} and target.store in {"", one.store}
            for one in self.entered
        )

    def _converted(self, target: Target, currency: str) -> Decimal:
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
