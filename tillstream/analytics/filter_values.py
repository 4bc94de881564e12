"""Analytics: whether the values that a person filters by exist at all, so that a slip never looks like no sales."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import QueryCache, run
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Scope
from tillstream.ports.warehouse import Warehouse

CHECKED = ("region", "store", "category", "channel", "country")
SHOWN = 8


class UnknownValue(Rejected):
    """A filter names values that no sale in the person's scope has; `problems` says so one line each."""

    def __init__(self, name: str, unknown: list[str], known: list[str]) -> None:
        self.name, self.unknown = name, unknown
        there_are = _listed(known, unknown)
        self.problems = [f"There is no {name} “{value}”; {there_are}." for value in unknown]
        called = ", ".join(f"“{value}”" for value in unknown)
        super().__init__(f"There is no {name} {called}; {there_are}.")


def check(
    warehouse: Warehouse,
    scope: Scope,
    filters: Filters,
    regions: Iterable[str] = (),
    *,
    cache: QueryCache | None = None,
) -> None:
    """Raises `UnknownValue`. `regions` may be asked for before their first sale; what is not in scope is unknown."""
    for name in CHECKED:
        wanted = getattr(filters, name) or ()
        if not wanted:
            continue
        offered = run(warehouse, "filter-values", scope, cache=cache, filter=name).to_pylist()
        lines: Mapping[str, int] = {row["value"]: row["lines"] for row in offered}
        if name == "region":
            lines = {one: 0 for one in regions if scope.regions is None or one in scope.regions} | dict(lines)
        unknown = [value for value in wanted if value not in lines]
        if unknown:
            raise UnknownValue(name, unknown, sorted(lines, key=lambda value: (-lines[value], value)))


def _listed(known: list[str], unknown: list[str]) -> str:
    """The few most alike and most frequent, and how many more there are."""
    if not known:
        return "no sale that you see names one"
    folded = {value.casefold(): value for value in reversed(known)}
    alike = [folded[close] for value in unknown for close in get_close_matches(value.casefold(), folded)]
    shown = list(dict.fromkeys([*alike, *known]))[:SHOWN]
    more = len(known) - len(shown)
    return f"there {'is' if len(known) == 1 else 'are'} {', '.join(shown)}" + (f" and {more:,} more" if more else "")
