"""A goal: the amount of a measure that the company, a region, a store, a salesperson or a category is to reach."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tillstream.model.money import minor_digits
from tillstream.model.people import Action, Extent, Scope, extent_of

WITHOUT = "-"
"""Sales without a store, salesperson or category."""
FIELDS = ("region", "store", "salesperson", "category")
"""The fields of a target, which are also dimensions of measures."""


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


class Level(StrEnum):
    COMPANY = "company"
    REGION = "region"
    STORE = "store"
    SALESPERSON = "salesperson"
    CATEGORY = "category"
    """A category of the company or of one region."""


BELOW = {Level.COMPANY: Level.REGION, Level.REGION: Level.STORE, Level.STORE: Level.SALESPERSON}
"""The next level of places. A level of places has the name of the field of a target that it fills."""


@dataclass(frozen=True, order=True)
class Target:
    """Whose goal it is. Empty fields are not restricted; all empty: the company.

    A salesperson has a goal for each store. `WITHOUT` means sales that lack the field.
    """

    region: str = ""
    store: str = ""
    salesperson: str = ""
    category: str = ""

    @property
    def filled(self) -> dict[str, str]:
        """The fields that restrict it: name → value."""
        return {name: getattr(self, name) for name in FIELDS if getattr(self, name)}

    @property
    def level(self) -> Level:
        if self.category:
            return Level.CATEGORY
        if self.salesperson:
            return Level.SALESPERSON
        if self.store:
            return Level.STORE
        return Level.REGION if self.region else Level.COMPANY

    @property
    def parent(self) -> "Target | None":
        """The target whose goal is divided among this one and others of its level."""
        match self.level:
            case Level.COMPANY:
                return None
            case Level.REGION:
                return Target()
            case Level.STORE | Level.CATEGORY:
                return Target(self.region)
            case Level.SALESPERSON:
                return Target(self.region, self.store)

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

    target: Target
    measure: GoalMeasure
    amount: Decimal
    currency: str = ""

    @property
    def key(self) -> tuple[Target, GoalMeasure]:
        return self.target, self.measure
