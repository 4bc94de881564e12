"""A kind of rules: what it watches, its parameters with their defaults and ranges, and who may read its alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from tillstream.model.errors import Rejected
from tillstream.model.people import Action


class Severity(StrEnum):
    """How soon an alert needs a person. Quiet hours do not apply to urgent ones."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"


class KindName(StrEnum):
    """Stored in rules and alerts."""

    FILES_HELD = "files-held"
    ROWS_IN_QUARANTINE = "rows-in-quarantine"
    PASS_RATE = "pass-rate"  # noqa: S105 - a share of rows
    DEAD_LETTERS = "dead-letters"
    DATA_LOST = "data-lost"
    CONNECTOR_LATE = "connector-late"
    REGION_LATE = "region-late"
    STORE_SILENT = "store-silent"
    UNUSUAL_DAY = "unusual-day"
    LARGE_SALE = "large-sale"
    GOAL_BEHIND = "goal-behind"
    PRICE_OFF_LIST = "price-off-list"
    RETURN_RATE = "return-rate"
    STOCK_LOW = "stock-low"
    STOCK_OUT = "stock-out"
    STOCK_NEGATIVE = "stock-negative"


class Limit(StrEnum):
    """What a rule can be limited to."""

    REGIONS = "regions"
    STORES = "stores"
    CATEGORIES = "categories"
    PRODUCTS = "products"


@dataclass(frozen=True)
class Parameter:
    """A number of a rule. unit: what is counted, such as hours; `money` is the reporting currency."""

    name: str
    label: str
    unit: str
    default: Decimal
    least: Decimal
    most: Decimal
    is_whole: bool = True

    def parse(self, text: str) -> Decimal:
        """Raises `Rejected` for a text that is no number of the range."""
        try:
            value = Decimal(text.strip())
        except InvalidOperation:
            value = Decimal("NaN")
        is_whole = value.is_finite() and value == value.to_integral_value()
        if not value.is_finite() or not self.least <= value <= self.most or (self.is_whole and not is_whole):
            kind = "a whole number" if self.is_whole else "a number"
            raise Rejected(f"{self.label} is “{text}”; it must be {kind} from {self.least} to {self.most}.")
        return value


@dataclass(frozen=True)
class Kind:
    """A kind of rules. The first parameter is the threshold: an alert opens when its value is reached.

    many: the title of one alert about several subjects, with {count} and, where they have one, {place}.
    needs: what a user must be permitted to do to read the alerts.
    hidden_by: kinds whose alert about a region has the same cause, so that this one is not raised there.
    opens_after, ends_after: minutes for which the condition holds before an alert opens, and is gone before it ends.
    margin: percent of the threshold by which the value must fall below it before the alert ends.
    """

    name: KindName
    label: str
    description: str
    many: str
    parameters: tuple[Parameter, ...]
    limits: tuple[Limit, ...]
    needs: Action
    severity: Severity = Severity.WARNING
    hidden_by: tuple[KindName, ...] = ()
    opens_after: int = 0
    ends_after: int = 0
    margin: int = 0
    is_of_figures: bool = True
    """Whether the alert about a whole region contains figures, which users limited to stores may not see."""

    @property
    def threshold(self) -> Parameter:
        return self.parameters[0]

    def group_title(self, count: int, region: str) -> str:
        """The title of an alert about several subjects of a region; empty: of several regions, or of none."""
        return self.many.format(count=f"{count:,}", place=region or "all regions")

    def defaults(self) -> dict[str, Decimal]:
        return {one.name: one.default for one in self.parameters}

    def parse(self, texts: Mapping[str, str]) -> dict[str, Decimal]:
        """The parameters of a rule; those without a text have their default. Raises `Rejected`."""
        return {one.name: one.parse(texts[one.name]) if texts.get(one.name) else one.default for one in self.parameters}
