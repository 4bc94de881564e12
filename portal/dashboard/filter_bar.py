"""The dashboard area's filter bar: what can be chosen, and a chip for everything that is."""

from dataclasses import dataclass

from portal import metrics
from portal.context import scope
from portal.dashboard.presets import PRESETS
from portal.dashboard.request_filters import DATES, Asked, here
from portal.formats import days
from tillstream.analytics.filters import Filters
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
"""So many values are offered at once; the others are found by typing."""
PEOPLE = 5_000
FIRST = ("region",)
"""Filters that stand beside the period; the others are behind a button."""


@dataclass(frozen=True)
class Field:
    """`offered` are the first values that can be ticked; `searchable` where there are more."""

    name: str
    label: str
    chosen: tuple[str, ...]
    offered: tuple[str, ...]
    searchable: bool


@dataclass(frozen=True)
class Value:
    """A value that can be chosen; `name` is what people call it, where that is something else."""

    value: str
    name: str = ""


@dataclass(frozen=True)
class Chip:
    """One thing that is chosen, and the page without it."""

    text: str
    without: str


def fields(asked: Asked) -> list[Field]:
    """The filters that the person may set and that could choose anything."""
    rows = metrics.ask("filter-values", Filters()).to_pylist()
    known: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: -row["lines"]):
        known.setdefault(row["filter"], []).append(row["value"])
    known["status"] = list(STATUSES)
    bar = []
    for name, label in LABELS.items():
        if name == "salesperson" and not scope().may(Action.SEE_PERSONAL):
            continue
        chosen, values = tuple(asked.values.get(name, ())), known.get(name, [])
        searched = name in {"product", "salesperson"}
        if len(values) < 2 and not chosen and not searched:
            continue
        offered = tuple(dict.fromkeys([*chosen, *values[:OFFERED]]))
        bar.append(Field(name, label, chosen, offered, searched or len(values) > OFFERED))
    return bar


def found(filter_: str, text: str) -> list[Value]:
    """The first values of a filter that hold a text. Raises `NotFound` for what is no filter of the person's."""
    wanted = text.strip().casefold()
    if filter_ not in LABELS or (filter_ == "salesperson" and not scope().may(Action.SEE_PERSONAL)):
        raise NotFound("There is no such filter.")
    if filter_ == "product":
        rows = metrics.ask("product-search", Filters(), text=wanted, limit=OFFERED).to_pylist()
        return [Value(row["product_id"], row["product_name"] or "") for row in rows]
    if filter_ == "salesperson":
        people = metrics.ask("salespeople", Filters(), limit=PEOPLE).to_pylist()
        known = list(dict.fromkeys(row["salesperson_id"] for row in people))
    else:
        rows = metrics.ask("filter-values", Filters(), filter=filter_).to_pylist()
        known = [row["value"] for row in sorted(rows, key=lambda row: -row["lines"])]
    return [Value(value) for value in known if wanted in value.casefold()][:OFFERED]


def chips(asked: Asked) -> list[Chip]:
    shown = []
    if asked.preset in PRESETS:
        shown.append(Chip(PRESETS[asked.preset], here(preset=None)))
    elif asked.preset:
        shown.append(Chip(_span(asked), here(**dict.fromkeys(DATES))))
    for name, label in LABELS.items():
        values = asked.values.get(name, [])
        for value in values:
            kept = [one for one in values if one != value]
            shown.append(Chip(f"{label}: {value}", here(**{name: kept})))
    return shown


def _span(asked: Asked) -> str:
    start, end = asked.filters.start, asked.filters.end
    if start and end:
        return days(start, end).striptags()
    return f"From {start.isoformat()}" if start else f"Until {end.isoformat()}" if end else ""
