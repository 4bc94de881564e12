"""Filter bar: the values of each filter, and a chip for each active one."""

from dataclasses import dataclass
from datetime import date

from portal import metrics
from portal.context import scope
from portal.dashboard.presets import ALL_TIME, PRESETS
from portal.dashboard.request_filters import DATES, DashboardFilters, here
from portal.formats import days
from tillstream.analytics.comparison import LatestPeriod
from tillstream.analytics.filters import COMPARED_DATES, Filters
from tillstream.domain.columns import STATUSES
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action

LABELS = {
    "region": "Region",
    "status": "Status",
    "country": "Country",
    "store": "Store",
    "category": "Category",
    "product": "Product",
    "channel": "Channel",
    "salesperson": "Salesperson",
}
OFFERED = 12
"""Number of values of a filter that are listed at first; the others are found by search."""
PEOPLE = 5_000
OWN_DATES = "own"
FIRST = ("region",)
"""Filters shown next to the period; the others are behind a button."""


@dataclass(frozen=True)
class Field:
    """`offered`: the first values, as checkboxes. `searchable`: whether there are more."""

    name: str
    label: str
    chosen: tuple[str, ...]
    offered: tuple[str, ...]
    searchable: bool


@dataclass(frozen=True)
class Value:
    """A filter value; `name` is its display name, if it has another one."""

    value: str
    name: str = ""


@dataclass(frozen=True)
class Chip:
    """An active filter value, and the address of the page without it."""

    text: str
    without: str


def fields(selection: DashboardFilters) -> list[Field]:
    """Filters that the user may set and that can narrow the data."""
    rows = metrics.ask("filter-values", Filters()).to_pylist()
    values_by_filter: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: -row["lines"]):
        values_by_filter.setdefault(row["filter"], []).append(row["value"])
    values_by_filter["status"] = list(STATUSES)
    bar = []
    for name, label in LABELS.items():
        if name == "salesperson" and not scope().may(Action.SEE_PERSONAL):
            continue
        chosen, values = tuple(selection.values.get(name, ())), values_by_filter.get(name, [])
        searched = name in {"product", "salesperson"}
        if len(values) < 2 and not chosen and not searched:
            continue
        offered = tuple(dict.fromkeys([*chosen, *values[:OFFERED]]))
        bar.append(Field(name, label, chosen, offered, searched or len(values) > OFFERED))
    return bar


def search(filter_: str, text: str) -> list[Value]:
    """First values of a filter that contain a text. Raises `NotFound` for a filter that the user may not set."""
    wanted = text.strip().casefold()
    if filter_ not in LABELS or (filter_ == "salesperson" and not scope().may(Action.SEE_PERSONAL)):
        raise NotFound("There is no such filter.")
    if filter_ == "product":
        rows = metrics.ask("product-search", Filters(), text=wanted, limit=OFFERED).to_pylist()
        return [Value(row["product_id"], row["product_name"] or "") for row in rows]
    if filter_ == "salesperson":
        people = metrics.ask("salespeople", Filters(), limit=PEOPLE).to_pylist()
        candidates = list(dict.fromkeys(row["salesperson_id"] for row in people))
    else:
        rows = metrics.ask("filter-values", Filters(), filter=filter_).to_pylist()
        candidates = [row["value"] for row in sorted(rows, key=lambda row: -row["lines"])]
    return [Value(value) for value in candidates if wanted in value.casefold()][:OFFERED]


def chips(selection: DashboardFilters) -> list[Chip]:
    shown = []
    if not selection.preset and selection.latest:
        shown.append(Chip(latest_name(selection.latest), here(preset=ALL_TIME)))
    elif selection.preset in PRESETS:
        shown.append(Chip(PRESETS[selection.preset], here(preset=None)))
    elif selection.preset == OWN_DATES:
        shown.append(Chip(_dates(selection.filters.start, selection.filters.end), here(**dict.fromkeys(DATES))))
    compared_dates = _dates(selection.filters.before_start, selection.filters.before_end)
    if compared_dates:
        shown.append(Chip(f"Compared with: {compared_dates}", here(**dict.fromkeys(COMPARED_DATES))))
    if selection.like_for_like:
        shown.append(Chip("Like-for-like stores", here(**{"like-for-like": None})))
    for name, label in LABELS.items():
        values = selection.values.get(name, [])
        for value in values:
            kept = [one for one in values if one != value]
            shown.append(Chip(f"{label}: {value}", here(**{name: kept})))
    return shown


def latest_name(period: LatestPeriod) -> str:
    """Latest complete month: October 2026."""
    if period.is_month:
        return f"Latest complete month: {period.start:%B %Y}"
    return f"Last {(period.end - period.start).days + 1} reported days: {days(period.start, period.end).striptags()}"


def _dates(start: date | None, end: date | None) -> str:
    if start and end:
        return days(start, end).striptags()
    return f"From {start.isoformat()}" if start else f"Until {end.isoformat()}" if end else ""
