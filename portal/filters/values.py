"""Values of filters: those that remain with the values chosen in the other filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import g

from portal import figures
from portal.context import scope
from portal.filters import texts
from portal.filters.names import name_of
from portal.filters.texts import LABELS
from tillstream.analytics.filters import COLUMNS, Filters
from tillstream.model.columns import STATUSES
from tillstream.model.errors import NotFound
from tillstream.model.people import Action

MAX_RESULTS = 50
PEOPLE = 5_000
Chosen = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Value:
    """A filter value; `name` is what readers see."""

    value: str
    name: str


def may_filter(filter_name: str) -> bool:
    return filter_name in LABELS and (filter_name != "salesperson" or scope().may(Action.SEE_PERSONAL))


def remaining(filter_name: str, chosen: Chosen) -> list[str]:
    """Values of a filter with the values chosen in the others, most lines first; none of products, see `search`."""
    others = _others(filter_name, chosen)
    if filter_name == "status":
        return list(STATUSES)
    if filter_name == "product":
        return []
    if filter_name == "salesperson":
        people = figures.ask("salespeople", others, limit=PEOPLE).to_pylist()
        return list(dict.fromkeys(row["salesperson_id"] for row in people))
    return _listed(others).get(filter_name, [])


def search(filter_name: str, text: str, chosen: Chosen) -> list[Value]:
    """First values whose ID or name contains a text. Raises `NotFound` for a filter that the user may not set."""
    if not may_filter(filter_name):
        raise NotFound(texts.NO_FILTER)
    wanted = text.strip().casefold()
    if filter_name == "product":
        others = _others(filter_name, chosen)
        rows = figures.ask("product-search", others, text=wanted, limit=MAX_RESULTS).to_pylist()
        return [Value(row["product_id"], row["product_name"] or row["product_id"]) for row in rows]
    named = [Value(value, name_of(filter_name, value)) for value in remaining(filter_name, chosen)]
    return [one for one in named if wanted in f"{one.name} {one.value}".casefold()][:MAX_RESULTS]


def _listed(filters: Filters) -> dict[str, list[str]]:
    """Filter → its values, most lines first; one query for all filters of a page."""
    stored: dict[Filters, dict[str, list[str]]] = g.setdefault("filter_values", {})
    if filters not in stored:
        values: dict[str, list[str]] = {}
        rows = figures.ask("filter-values", filters).to_pylist()
        for row in sorted(rows, key=lambda row: (-row["lines"], row["value"])):
            values.setdefault(row["filter"], []).append(row["value"])
        stored[filters] = values
    return stored[filters]


def _others(filter_name: str, chosen: Chosen) -> Filters:
    """The values chosen in the other filters. Unlike dates, they narrow the values."""
    return Filters.parse({name: values for name, values in chosen.items() if name in COLUMNS and name != filter_name})
