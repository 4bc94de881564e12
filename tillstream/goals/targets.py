"""Goals: whose they are, of which measure and month, and how an amount is divided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from tillstream.model.money import minor_digits
from tillstream.model.people import Extent, Scope, extent_of
from tillstream.model.permissions import Action

WITHOUT_VALUE = "-"
"""Sales without a store, salesperson or category."""
TARGET_FIELDS = ("region", "store", "salesperson", "category")
"""The fields of a target, which are also dimensions of measures."""

Key = TypeVar("Key")


class GoalMeasure(StrEnum):
    REVENUE = "revenue"
    UNITS = "units"
    MARGIN = "margin"
    ORDERS = "orders"

    @property
    def is_money(self) -> bool:
        return self in {GoalMeasure.REVENUE, GoalMeasure.MARGIN}

    def digits(self, currency: str) -> int:
        """Decimal digits of its amounts."""
        return minor_digits(currency) if self.is_money else 0


class GoalLevel(StrEnum):
    COMPANY = "company"
    REGION = "region"
    STORE = "store"
    SALESPERSON = "salesperson"
    CATEGORY = "category"
    """A category of the company or of one region."""


LEVEL_BELOW = {
    GoalLevel.COMPANY: GoalLevel.REGION,
    GoalLevel.REGION: GoalLevel.STORE,
    GoalLevel.STORE: GoalLevel.SALESPERSON,
}
"""The next level of places. A level of places has the name of the field of a target that it fills."""


@dataclass(frozen=True, order=True)
class GoalTarget:
    """Whose goal it is. Empty fields are not restricted; all empty: the company.

    A salesperson has a goal for each store. `WITHOUT_VALUE` means sales that lack the field.
    """

    region: str = ""
    store: str = ""
    salesperson: str = ""
    category: str = ""

    @property
    def filled(self) -> dict[str, str]:
        """The fields that restrict it: name → value."""
        return {name: getattr(self, name) for name in TARGET_FIELDS if getattr(self, name)}

    @property
    def level(self) -> GoalLevel:
        if self.category:
            return GoalLevel.CATEGORY
        if self.salesperson:
            return GoalLevel.SALESPERSON
        if self.store:
            return GoalLevel.STORE
        return GoalLevel.REGION if self.region else GoalLevel.COMPANY

    @property
    def parent(self) -> "GoalTarget | None":
        """The target whose goal is divided among this one and others of its level."""
        match self.level:
            case GoalLevel.COMPANY:
                return None
            case GoalLevel.REGION:
                return GoalTarget()
            case GoalLevel.STORE | GoalLevel.CATEGORY:
                return GoalTarget(self.region)
            case GoalLevel.SALESPERSON:
                return GoalTarget(self.region, self.store)

    @property
    def extent(self) -> Extent:
        return extent_of(self.region, *([self.store] if self.store else []))

    def is_visible(self, scope: Scope) -> bool:
        """Whether a user sees all sales of the target."""
        if self.salesperson and not scope.may(Action.SEE_PERSONAL):
            return False
        own = None if scope.salesperson is None else (scope.salesperson,)
        limits = ((scope.regions, self.region), (scope.stores, self.store), (own, self.salesperson))
        return all(allowed is None or (value != "" and value in allowed) for allowed, value in limits)


@dataclass(frozen=True)
class Goal:
    """currency: ISO 4217 code of revenue and margin; empty for units and orders."""

    target: GoalTarget
    measure: GoalMeasure
    amount: Decimal
    currency: str = ""

    @property
    def key(self) -> tuple[GoalTarget, GoalMeasure]:
        return self.target, self.measure


@dataclass(frozen=True)
class Division(Generic[Key]):
    """How a goal is divided. shares: the amounts of those without a goal of their own."""

    shares: Mapping[Key, Decimal]
    unassigned: Decimal
    """The goal minus the goals below it: positive if all below have their own and reach less, negative if more."""


def divide_goal(goal: Decimal, own: Mapping[Key, Decimal], sold: Mapping[Key, Decimal], digits: int) -> Division[Key]:
    """Divide a goal: own goals stay as they are, and the rest is split in the ratio of what was sold.

    own: goals of their own, in the currency of the goal. sold: the sales of the last 12 months of all below. digits:
    decimals of amounts. If nothing is left, or nobody without a goal has sales, there are no shares.
    """
    rest = goal - sum(own.values(), Decimal(0))
    weights = {key: amount for key, amount in sold.items() if key not in own and amount > 0}
    if not weights or rest < 0 or (rest == 0 and own):
        return Division({}, rest if own else Decimal(0))
    return Division(split_amount(rest, weights, digits), Decimal(0))


def split_amount(amount: Decimal, weights: Mapping[Key, Decimal], digits: int) -> dict[Key, Decimal]:
    """Split an amount in the ratio of positive weights, by the largest remainder: the parts add up to it exactly."""
    unit, total = Decimal(1).scaleb(-digits), sum(weights.values(), Decimal(0))
    exact = {key: amount * weight / total for key, weight in weights.items()}
    parts = {key: part.quantize(unit, ROUND_FLOOR) for key, part in exact.items()}
    missing = int((amount - sum(parts.values(), Decimal(0))) / unit)
    by_remainder = sorted(exact, key=lambda key: parts[key] - exact[key])
    for key in by_remainder[:missing]:
        parts[key] += unit
    if parts:
        largest = max(parts, key=lambda key: parts[key])
        parts[largest] += amount - sum(parts.values(), Decimal(0))  # digits of the amount itself beyond `digits`
    return parts


def goal_through(goal: Decimal, weights: Sequence[float], days: int, digits: int) -> Decimal | None:
    """The part of a goal for the first days of a month, whose days have these weights; None if all are 0."""
    total = sum(weights)
    if total <= 0:
        return None
    if days >= len(weights):
        return goal
    return round(goal * Decimal(repr(sum(weights[:days]) / total)), digits)
