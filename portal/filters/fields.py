"""Fields of a filter form: searchable lists of values."""

from collections.abc import Collection
from dataclasses import dataclass

from portal import figures
from portal.context import scope
from portal.filters.names import name_of
from portal.filters.texts import LABELS
from portal.filters.values import Chosen, Value, may_filter, remaining
from tillstream.analytics.filters import Filters

OFFERED = 12
"""Number of values that are listed at first; the others are found by search."""
WITHOUT_SCRIPT = 300
"""Maximum number of values in the plain list of a page without scripts."""
SEARCHED = frozenset({"product", "salesperson"})
"""Filters that are offered without counting their values."""
IN_STOCK = ("region", "store", "category")
"""Filters by which stock can be grouped."""


@dataclass(frozen=True)
class Field:
    """`name`: of its inputs. `filter`: the filter whose values they have. `offered`: the first values, the chosen ones
    among them. `others`: further values, for pages without scripts."""

    name: str
    filter: str
    label: str
    chosen: tuple[Value, ...]
    offered: tuple[Value, ...]
    others: tuple[Value, ...]
    is_complete: bool = False
    """Whether `offered` has all values, so that none are found by a request."""

    @property
    def only(self) -> Value | None:
        """The one value that there is, unless it is chosen: then the field takes it back."""
        return self.offered[0] if len(self.offered) == 1 and not (self.is_searched or self.chosen) else None

    @property
    def is_searched(self) -> bool:
        return self.filter in SEARCHED

    @property
    def chosen_values(self) -> tuple[str, ...]:
        return tuple(one.value for one in self.chosen)


def of_page(chosen: Chosen, without: Collection[str] = ()) -> list[Field]:
    """Filters that the user may set and that can narrow the data."""
    fields = []
    for name in LABELS:
        if name in without or not may_filter(name):
            continue
        own = chosen.get(name) or ()
        if name in SEARCHED or own or len(remaining(name, {})) > 1:
            fields.append(field(name, chosen))
    return fields


def of_stock(filter_name: str, chosen: Chosen) -> Field:
    """A filter of stock levels. Salespeople see the stock of more stores than they sell in, so their values are those
    of the levels."""
    if scope().salesperson is None or filter_name not in IN_STOCK:
        return field(filter_name, chosen)
    rows = figures.ask("stock-value", Filters(), by=filter_name).to_pylist()
    names = {row["code"] or row["region"]: row["name"] for row in rows if row["code"] or filter_name == "region"}
    values = sorted((Value(code, name) for code, name in names.items()), key=lambda one: one.name.casefold())
    own = chosen.get(filter_name, ())
    picked = tuple(one for one in values if one.value in own)
    return Field(filter_name, filter_name, LABELS[filter_name], picked, tuple(values), (), is_complete=True)


def field(filter_name: str, chosen: Chosen, name: str = "", label: str = "") -> Field:
    own = list(dict.fromkeys(value for value in chosen.get(filter_name, ()) if value))
    # the people of a large company are searched, not listed
    values = [] if filter_name in SEARCHED else remaining(filter_name, chosen)
    all_values = [Value(value, name_of(filter_name, value)) for value in dict.fromkeys([*own, *values])]
    offered = max(OFFERED, len(own))
    return Field(
        name or filter_name,
        filter_name,
        label or LABELS[filter_name],
        tuple(all_values[: len(own)]),
        tuple(all_values[:offered]),
        tuple(all_values[offered:][:WITHOUT_SCRIPT]),
    )
