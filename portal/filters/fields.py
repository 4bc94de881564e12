"""Fields of a filter form: searchable lists of values."""

from collections.abc import Collection
from dataclasses import dataclass

from portal.filters.names import name_of
from portal.filters.texts import LABELS
from portal.filters.values import Chosen, Value, may_filter, remaining

OFFERED = 12
"""Number of values that are listed at first; the others are found by search."""
WITHOUT_SCRIPT = 300
"""Maximum number of values in the plain list of a page without scripts."""
SEARCHED = frozenset({"product", "salesperson"})
"""Filters that are offered without counting their values."""


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
