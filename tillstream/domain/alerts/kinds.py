"""The kinds of rules."""

from collections.abc import Mapping
from decimal import Decimal

from tillstream.domain.alerts.kind import Kind, KindName, Limit, Parameter, Severity
from tillstream.model.errors import NotFound
from tillstream.model.people import Action


def _count(name: str, label: str, unit: str, default: int, least: int, most: int) -> Parameter:
    return Parameter(name, label, unit, Decimal(default), Decimal(least), Decimal(most))


_PLACES = (Limit.REGIONS, Limit.STORES)
_PRODUCTS = (*_PLACES, Limit.CATEGORIES, Limit.PRODUCTS)
_DAYS = _count("days", "Days that are watched", "", 7, 1, 31)

KINDS: Mapping[KindName, Kind] = {
    one.name: one
    for one in (
        Kind(
            KindName.FILES_HELD,
            "Files held",
            "A file needs a decision, and has been held for a while.",
            "{count} files are held in {place}",
            (_count("hours", "Held for at least", "hours", 1, 0, 720),),
            (Limit.REGIONS,),
            Action.SEE_UPLOADS,
            is_of_figures=False,
        ),
        Kind(
            KindName.ROWS_IN_QUARANTINE,
            "Rows to fix",
            "A region has rows to fix, so no figure includes them.",
            "{count} regions have rows to fix",
            (_count("rows", "At least", "rows", 20, 1, 1_000_000),),
            (Limit.REGIONS,),
            Action.SEE_UPLOADS,
            margin=20,
        ),
        Kind(
            KindName.PASS_RATE,
            "Pass rate",
            "Fewer rows of a data source are accepted than in the weeks before, or fewer than a limit.",
            "Fewer rows of {count} data sources in {place} pass their rules",
            (
                _count("points", "Lower than in the weeks before by at least", "points", 5, 1, 100),
                _count("percent", "Or lower than", "percent", 90, 0, 100),
                _count("days", "Over the last", "days", 7, 1, 31),
                _count("weeks", "Compared with", "weeks before", 4, 1, 52),
                _count("rows", "With at least", "rows", 50, 1, 1_000_000),
            ),
            (Limit.REGIONS,),
            Action.SEE_QUALITY,
            margin=20,
        ),
        Kind(
            KindName.DEAD_LETTERS,
            "Dead letters",
            "Messages failed too often and are not tried again by themselves.",
            "{count} queues have dead letters",
            (_count("messages", "At least", "messages", 1, 1, 1_000_000),),
            (),
            Action.SEE_PIPELINE,
            Severity.URGENT,
            ends_after=15,
            is_of_figures=False,
        ),
        Kind(
            KindName.DATA_LOST,
            "Data lost",
            "Something that was acknowledged or kept is missing or damaged, and nobody has dealt with it.",
            "{count} losses need attention in {place}",
            (_count("losses", "At least", "losses", 1, 1, 1_000_000),),
            (Limit.REGIONS,),
            Action.SEE_PIPELINE,
            Severity.URGENT,
            is_of_figures=False,
        ),
        Kind(
            KindName.CONNECTOR_LATE,
            "Connector late or failing",
            "A connector fails, or has not read its source to the end in the time of its schedule.",
            "{count} connectors are late or failing",
            (_count("minutes", "Late or failing for at least", "minutes", 60, 0, 10_080),),
            (Limit.REGIONS,),
            Action.SEE_PIPELINE,
            is_of_figures=False,
        ),
        Kind(
            KindName.REGION_LATE,
            "Region late",
            "An expected file of a region has not arrived by its deadline.",
            "{count} regions are late",
            (_count("hours", "Late by at least", "hours", 1, 0, 240), _DAYS),
            (Limit.REGIONS,),
            Action.SEE_UPLOADS,
            is_of_figures=False,
        ),
        Kind(
            KindName.STORE_SILENT,
            "Store silent",
            "A store whose tills send sales has sent none for a while in its opening hours.",
            "{count} stores in {place} send no sales",
            (_count("minutes", "Without a sale for", "minutes", 120, 15, 1_440),),
            _PLACES,
            Action.SEE_NUMBERS,
            hidden_by=(KindName.REGION_LATE,),
        ),
        Kind(
            KindName.UNUSUAL_DAY,
            "Unusual day",
            "The revenue of a complete day is outside of the range that was forecast for it beforehand.",
            "{count} unusual days in {place}",
            (
                _count("percent", "Outside of the range by at least", "percent", 10, 0, 1_000),
                _count("days", "Days that are watched", "", 3, 1, 31),
            ),
            _PLACES,
            Action.SEE_FORECASTS,
            Severity.INFO,
        ),
        Kind(
            KindName.LARGE_SALE,
            "Large sale",
            "One sale has at least this revenue.",
            "{count} large sales in {place}",
            (
                _count("amount", "At least", "money", 10_000, 1, 1_000_000_000),
                _count("days", "Days that are watched", "", 2, 1, 31),
            ),
            _PLACES,
            Action.SEE_NUMBERS,
            Severity.INFO,
        ),
        Kind(
            KindName.GOAL_BEHIND,
            "Goal behind",
            "The revenue of a region or store is behind its goal of the month so far.",
            "{count} goals are behind in {place}",
            (
                _count("percent", "Behind by at least", "percent", 10, 1, 100),
                _count("first_day", "From day of the month", "", 5, 1, 28),
            ),
            _PLACES,
            Action.SEE_NUMBERS,
            margin=20,
        ),
        Kind(
            KindName.PRICE_OFF_LIST,
            "Price far from list",
            "A product was sold at a price far from its list price.",
            "{count} products in {place} were sold far from their list price",
            (_count("percent", "Differs by at least", "percent", 30, 1, 1_000), _DAYS),
            (*_PLACES, Limit.PRODUCTS),
            Action.SEE_NUMBERS,
        ),
        Kind(
            KindName.RETURN_RATE,
            "Return rate",
            "Customers return a large share of what a store sells.",
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
        Kind(
            KindName.STOCK_LOW,
            "Low stock",
            "A store has less of a product than its minimum stock, or than it sells until a delivery arrives.",
            "{count} products are low in {place}",
            (_count("percent", "Below the low level by at least", "percent", 20, 1, 100),),
            _PRODUCTS,
            Action.SEE_NUMBERS,
            Severity.INFO,
            hidden_by=(KindName.REGION_LATE,),
            ends_after=10,
            margin=50,
        ),
        Kind(
            KindName.STOCK_OUT,
            "Out of stock",
            "A store has none left of a product that it sells.",
            "{count} products are out of stock in {place}",
            (_count("units", "Sold in the last 56 days at least", "units", 4, 1, 1_000_000),),
            _PRODUCTS,
            Action.SEE_NUMBERS,
            hidden_by=(KindName.REGION_LATE,),
            ends_after=10,
            margin=25,
        ),
        Kind(
            KindName.STOCK_NEGATIVE,
            "Negative stock",
            "A store sold more of a product than it had: a delivery was not entered, or a count was wrong.",
            "{count} products have negative stock in {place}",
            (_count("units", "At least", "units", 1, 1, 1_000_000),),
            _PRODUCTS,
            Action.SEE_NUMBERS,
            ends_after=10,
        ),
    )
}


def kind_of(name: str) -> Kind:
    """Raises `NotFound`."""
    if name not in KINDS:
        raise NotFound(f"There is no kind of alerts “{name}”. There are: {', '.join(KINDS)}.")
    return KINDS[KindName(name)]
