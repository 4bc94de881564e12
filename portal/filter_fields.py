"""Fields of a filter form: searchable lists of the values that remain with the other filters."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flask import g

from portal import figures, value_names
from portal.context import scope
from portal.value_names import FILTER_LABELS, value_name
from tillstream.analytics.filters import COLUMNS, Filters
from tillstream.model.columns import STATUSES
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action

MAX_RESULTS = 50
PEOPLE = 5_000
ChosenValues = Mapping[str, Sequence[str]]

OFFERED = 12
"""Number of values that are listed at first; the others are found by search."""
WITHOUT_SCRIPT = 300
"""Maximum number of values in the plain list of a page without scripts."""
SEARCHED = frozenset({"product", "salesperson"})
"""Filters that are offered without counting their values."""
IN_STOCK = ("region", "store", "category")
"""Filters by which stock can be grouped."""


@dataclass(frozen=True)
class FilterValue:
    """A filter value; `name` is what readers see."""

    value: str
    name: str


def may_filter(filter_name: str) -> bool:
    return filter_name in FILTER_LABELS and (filter_name != "salesperson" or scope().may(Action.SEE_PERSONAL))


def remaining_values(filter_name: str, chosen: ChosenValues) -> list[str]:
    """Values of a filter with the values chosen in the others, most lines first; none of products, see `search`."""
    others = _others(filter_name, chosen)
    if filter_name == "status":
        return list(STATUSES)
    if filter_name == "product":
        return []
    if filter_name == "salesperson":
        people = figures.rows("salespeople", others, limit=PEOPLE)
        return list(dict.fromkeys(row["salesperson_id"] for row in people))
    return _listed(others).get(filter_name, [])


def search_values(filter_name: str, text: str, chosen: ChosenValues) -> list[FilterValue]:
    """First values whose ID or name contains a text. Raises `NotFound` for a filter that the user may not set."""
    if not may_filter(filter_name):
        raise NotFound(value_names.NO_FILTER)
    wanted = text.strip().casefold()
    if filter_name == "product":
        others = _others(filter_name, chosen)
        rows = figures.rows("product-search", others, text=wanted, limit=MAX_RESULTS)
        return [FilterValue(row["product_id"], row["product_name"] or row["product_id"]) for row in rows]
    named = [FilterValue(value, value_name(filter_name, value)) for value in remaining_values(filter_name, chosen)]
    return [one for one in named if wanted in f"{one.name} {one.value}".casefold()][:MAX_RESULTS]


def _listed(filters: Filters) -> dict[str, list[str]]:
    """Filter → its values, most lines first; one query for all filters of a page."""
    stored: dict[Filters, dict[str, list[str]]] = g.setdefault("filter_values", {})
    if filters not in stored:
        values: dict[str, list[str]] = {}
        rows = figures.rows("filter-values", filters)
        for row in sorted(rows, key=lambda row: (-row["lines"], row["value"])):
            values.setdefault(row["filter"], []).append(row["value"])
        stored[filters] = values
    return stored[filters]


def _others(filter_name: str, chosen: ChosenValues) -> Filters:
    """The values chosen in the other filters. Unlike dates, they narrow the values."""
    return Filters.parse({name: values for name, values in chosen.items() if name in COLUMNS and name != filter_name})


@dataclass(frozen=True)
class FilterField:
    """`name`: of its inputs. `filter`: the filter whose values they have. `offered`: the first values, the chosen ones
    among them. `others`: further values, for pages without scripts."""

    name: str
    filter: str
    label: str
    chosen: tuple[FilterValue, ...]
    offered: tuple[FilterValue, ...]
    others: tuple[FilterValue, ...]
    is_complete: bool = False
    """Whether `offered` has all values, so that none are found by a request."""

    @property
    def only(self) -> FilterValue | None:
        """The one value that there is, unless it is chosen: then the field takes it back."""
        return self.offered[0] if len(self.offered) == 1 and not (self.is_searched or self.chosen) else None

    @property
    def is_searched(self) -> bool:
        return self.filter in SEARCHED

    @property
    def chosen_values(self) -> tuple[str, ...]:
        return tuple(one.value for one in self.chosen)


def page_fields(chosen: ChosenValues, without: Collection[str] = ()) -> list[FilterField]:
    """Filters that the user may set and that can narrow the data."""
    fields = []
    for name in FILTER_LABELS:
        if name in without or not may_filter(name):
            continue
        own = chosen.get(name) or ()
        if name in SEARCHED or own or len(remaining_values(name, {})) > 1:
            fields.append(filter_field(name, chosen))
    return fields


def stock_field(filter_name: str, chosen: ChosenValues) -> FilterField:
    """A filter of stock levels. Salespeople see the stock of more stores than they sell in, so their values are those
    of the levels."""
    if scope().salesperson is None or filter_name not in IN_STOCK:
        return filter_field(filter_name, chosen)
    rows = figures.rows("stock-value", Filters(), by=filter_name)
    names = {row["code"] or row["region"]: row["name"] for row in rows if row["code"] or filter_name == "region"}
    values = sorted((FilterValue(code, name) for code, name in names.items()), key=lambda one: one.name.casefold())
    own = chosen.get(filter_name, ())
    picked = tuple(one for one in values if one.value in own)
    return FilterField(
        filter_name, filter_name, FILTER_LABELS[filter_name], picked, tuple(values), (), is_complete=True
    )


def filter_field(filter_name: str, chosen: ChosenValues, name: str = "", label: str = "") -> FilterField:
    own = list(dict.fromkeys(value for value in chosen.get(filter_name, ()) if value))
    # the people of a large company are searched, not listed
    values = [] if filter_name in SEARCHED else remaining_values(filter_name, chosen)
    all_values = [FilterValue(value, value_name(filter_name, value)) for value in dict.fromkeys([*own, *values])]
    offered = max(OFFERED, len(own))
    return FilterField(
        name or filter_name,
        filter_name,
        label or FILTER_LABELS[filter_name],
        tuple(all_values[: len(own)]),
        tuple(all_values[:offered]),
        tuple(all_values[offered:][:WITHOUT_SCRIPT]),
    )
