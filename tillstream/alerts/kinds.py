"""The kinds of alert rules: what each watches, its parameters with their ranges, and who may read its alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action


class AlertSeverity(StrEnum):
    """How soon an alert needs a person. Quiet hours do not apply to urgent ones."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"


class RuleLimit(StrEnum):
    """What a rule can be limited to."""

    REGIONS = "regions"
    STORES = "stores"
    CATEGORIES = "categories"
    PRODUCTS = "products"


_PLACES = (RuleLimit.REGIONS, RuleLimit.STORES)
_PRODUCTS = (*_PLACES, RuleLimit.CATEGORIES, RuleLimit.PRODUCTS)


@dataclass(frozen=True)
class RuleParameter:
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
class AlertKind:
    """A kind of rules. The first parameter is the threshold: an alert opens when its value is reached.

    name: stored in rules and alerts. advice: what a person can do about an alert.
    many: the title of one alert about several subjects, with {count} and, where they have one, {place}.
    needs: what a user must be permitted to do to read the alerts.
    hidden_by: kinds whose alert about a region has the same cause, so that this one is not raised there.
    opens_after, ends_after: minutes for which the condition holds before an alert opens, and is gone before it ends.
    margin: percent of the threshold by which the value must fall below it before the alert ends.
    """

    name: str
    label: str
    description: str
    advice: str
    many: str
    parameters: tuple[RuleParameter, ...]
    limits: tuple[RuleLimit, ...]
    needs: Action
    severity: AlertSeverity = AlertSeverity.WARNING
    hidden_by: tuple[str, ...] = ()
    opens_after: int = 0
    ends_after: int = 0
    margin: int = 0
    starts_enabled: bool = False
    """Whether its first rule is enabled from the start: it needs no choice of a threshold."""
    is_of_figures: bool = True
    """Whether the alert about a whole region contains figures, which users limited to stores may not see."""

    @property
    def threshold(self) -> RuleParameter:
        return self.parameters[0]

    def group_title(self, count: int, region: str) -> str:
        """The title of an alert about several subjects of a region; empty: of several regions, or of none."""
        return self.many.format(count=f"{count:,}", place=region or "all regions")

    def defaults(self) -> dict[str, Decimal]:
        return {one.name: one.default for one in self.parameters}

    def parse(self, texts: Mapping[str, str]) -> dict[str, Decimal]:
        """The parameters of a rule; those without a text have their default. Raises `Rejected`."""
        return {one.name: one.parse(texts[one.name]) if texts.get(one.name) else one.default for one in self.parameters}


def _count(name: str, label: str, unit: str, default: int, least: int, most: int) -> RuleParameter:
    return RuleParameter(name, label, unit, Decimal(default), Decimal(least), Decimal(most))


_DAYS = _count("days", "Days that are watched", "", 7, 1, 31)

KINDS: Mapping[str, AlertKind] = {
    one.name: one
    for one in (
        AlertKind(
            "files-held",
            "Files held",
            "A file needs a decision, and has been held for a while.",
            "Open the file to see what each answer does, then import or discard it.",
            "{count} files are held in {place}",
            (_count("hours", "Held for at least", "hours", 1, 0, 720),),
            (RuleLimit.REGIONS,),
            Action.SEE_UPLOADS,
            is_of_figures=False,
            starts_enabled=True,
        ),
        AlertKind(
            "rows-in-quarantine",
            "Rows to fix",
            "A region has rows to fix, so no figure includes them.",
            "Open the uploads with rows to fix, and correct or discard the rows.",
            "{count} regions have rows to fix",
            (_count("rows", "At least", "rows", 20, 1, 1_000_000),),
            (RuleLimit.REGIONS,),
            Action.SEE_UPLOADS,
            margin=20,
            starts_enabled=True,
        ),
        AlertKind(
            "pass-rate",
            "Pass rate",
            "Fewer rows of a data source are accepted than in the weeks before, or fewer than a limit.",
            "See which rules the rows break, and ask the sender of the files what changed.",
            "Fewer rows of {count} data sources in {place} pass their rules",
            (
                _count("points", "Lower than in the weeks before by at least", "points", 5, 1, 100),
                _count("percent", "Or lower than", "percent", 90, 0, 100),
                _count("days", "Over the last", "days", 7, 1, 31),
                _count("weeks", "Compared with", "weeks before", 4, 1, 52),
                _count("rows", "With at least", "rows", 50, 1, 1_000_000),
            ),
            (RuleLimit.REGIONS,),
            Action.SEE_QUALITY,
            margin=20,
        ),
        AlertKind(
            "dead-letters",
            "Dead letters",
            "Messages failed too often and are not tried again by themselves.",
            "Read the error on the page of the pipeline, remove its cause, and start them again.",
            "{count} queues have dead letters",
            (_count("messages", "At least", "messages", 1, 1, 1_000_000),),
            (),
            Action.SEE_PIPELINE,
            AlertSeverity.URGENT,
            ends_after=15,
            is_of_figures=False,
            starts_enabled=True,
        ),
        AlertKind(
            "data-lost",
            "Data lost",
            "Something that was acknowledged or kept is missing or damaged, and nobody has dealt with it.",
            "Restore it from a backup, or have it sent again. An admin decides under Status.",
            "{count} losses need attention in {place}",
            (_count("losses", "At least", "losses", 1, 1, 1_000_000),),
            (RuleLimit.REGIONS,),
            Action.SEE_PIPELINE,
            AlertSeverity.URGENT,
            is_of_figures=False,
            starts_enabled=True,
        ),
        AlertKind(
            "connector-late",
            "Connector late or failing",
            "A connector fails, or has not read its source to the end in the time of its schedule.",
            "Open the connector, read the error of its last run, and test its settings.",
            "{count} connectors are late or failing",
            (_count("minutes", "Late or failing for at least", "minutes", 60, 0, 10_080),),
            (RuleLimit.REGIONS,),
            Action.SEE_PIPELINE,
            is_of_figures=False,
            starts_enabled=True,
        ),
        AlertKind(
            "region-late",
            "Region late",
            "An expected file of a region has not arrived by its deadline.",
            "Ask the sender for the file, or upload it. If no file will come, change the expected deliveries of the "
            "data source.",
            "{count} regions are late",
            (_count("hours", "Late by at least", "hours", 1, 0, 240), _DAYS),
            (RuleLimit.REGIONS,),
            Action.SEE_UPLOADS,
            is_of_figures=False,
            starts_enabled=True,
        ),
        AlertKind(
            "store-silent",
            "Store silent",
            "A store whose tills send sales has sent none for a while in its opening hours.",
            "Ask the store whether its tills are online. Sales that are sent later count for their day.",
            "{count} stores in {place} send no sales",
            (_count("minutes", "Without a sale for", "minutes", 120, 15, 1_440),),
            _PLACES,
            Action.SEE_NUMBERS,
            hidden_by=("region-late",),
        ),
        AlertKind(
            "unusual-day",
            "Unusual day",
            "The revenue of a complete day is outside of the range that was forecast for it beforehand.",
            "Compare the day with the one a week before. If you find the cause, annotate the day.",
            "{count} unusual days in {place}",
            (
                _count("percent", "Outside of the range by at least", "percent", 10, 0, 1_000),
                _count("days", "Days that are watched", "", 3, 1, 31),
            ),
            _PLACES,
            Action.SEE_FORECASTS,
            AlertSeverity.INFO,
        ),
        AlertKind(
            "large-sale",
            "Large sale",
            "One sale has at least this revenue.",
            "Open the sale and see whether its quantities and prices are right.",
            "{count} large sales in {place}",
            (
                _count("amount", "At least", "money", 10_000, 1, 1_000_000_000),
                _count("days", "Days that are watched", "", 2, 1, 31),
            ),
            _PLACES,
            Action.SEE_NUMBERS,
            AlertSeverity.INFO,
        ),
        AlertKind(
            "goal-behind",
            "Goal behind",
            "The revenue of a region or store is behind its goal of the month so far.",
            "See under Goals what is still needed on each day of the month.",
            "{count} goals are behind in {place}",
            (
                _count("percent", "Behind by at least", "percent", 10, 1, 100),
                _count("first_day", "From day of the month", "", 5, 1, 28),
            ),
            _PLACES,
            Action.SEE_NUMBERS,
            margin=20,
        ),
        AlertKind(
            "price-off-list",
            "Price far from list",
            "A product was sold at a price far from its list price.",
            "See whether the price of the sale or the price list is wrong, and correct it.",
            "{count} products in {place} were sold far from their list price",
            (_count("percent", "Differs by at least", "percent", 30, 1, 1_000), _DAYS),
            (*_PLACES, RuleLimit.PRODUCTS),
            Action.SEE_NUMBERS,
        ),
        AlertKind(
            "return-rate",
            "Return rate",
            "Customers return a large share of what a store sells.",
            "See which products come back, and ask the store for the reason.",
            "{count} stores in {place} have many returns",
            (
                _count("percent", "Returned share of revenue of at least", "percent", 15, 1, 100),
                _count("days", "Over the last", "days", 7, 1, 92),
                _count("lines", "With at least", "sale lines", 50, 1, 1_000_000),
            ),
            _PRODUCTS,
            Action.SEE_NUMBERS,
            margin=20,
        ),
        AlertKind(
            "stock-low",
            "Low stock",
            "A store has less of a product than its minimum stock, or than it sells until a delivery arrives.",
            "See under Restock what to order or to get from another store.",
            "{count} products are low in {place}",
            (_count("percent", "Below the low level by at least", "percent", 20, 1, 100),),
            _PRODUCTS,
            Action.SEE_NUMBERS,
            AlertSeverity.INFO,
            hidden_by=("region-late",),
            ends_after=10,
            margin=50,
        ),
        AlertKind(
            "stock-out",
            "Out of stock",
            "A store has none left of a product that it sells.",
            "See under Restock what to order or to get from another store.",
            "{count} products are out of stock in {place}",
            (_count("units", "Sold in the last 56 days at least", "units", 4, 1, 1_000_000),),
            _PRODUCTS,
            Action.SEE_NUMBERS,
            hidden_by=("region-late",),
            ends_after=10,
            margin=25,
        ),
        AlertKind(
            "stock-negative",
            "Negative stock",
            "A store sold more of a product than it had: a delivery was not entered, or a count was wrong.",
            "Count the product, or enter the delivery that is missing.",
            "{count} products have negative stock in {place}",
            (_count("units", "At least", "units", 1, 1, 1_000_000),),
            _PRODUCTS,
            Action.SEE_NUMBERS,
            ends_after=10,
        ),
    )
}


def kind_of(name: str) -> AlertKind:
    """Raises `NotFound`."""
    if name not in KINDS:
        raise NotFound(f"There is no kind of alerts “{name}”. There are: {', '.join(KINDS)}.")
    return KINDS[name]
