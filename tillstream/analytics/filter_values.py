"""Check that filter values exist, so that a typo is not shown as zero sales; the currencies to choose from."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import sql
from tillstream.analytics.filters import CURRENCY, NAMES, Filters, is_filter
from tillstream.analytics.queries import run_query
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import Rejected
from tillstream.model.people import Scope
from tillstream.model.text import did_you_mean
from tillstream.people.account_store import REPORTING_CURRENCY
from tillstream.ports.warehouse import Warehouse

CHECKED_FILTERS = ("region", "store", "category", "channel", "country")
MAX_SUGGESTIONS = 8


def convertible_currencies(warehouse: Warehouse, *, cache: QueryCache | None = None) -> tuple[str, ...]:
    """Return the ISO 4217 codes of the currencies with an exchange rate, and the reporting currency, sorted."""
    text = sql.text("reference/currencies")
    table = (cache or QueryCache()).once("currencies", lambda: warehouse.query(text))
    return tuple(sorted(table.column(CURRENCY).to_pylist()))


def currency_of_person(choice: str, of_regions: Iterable[str | None], reporting: str) -> str:
    """Return the currency of a person: the choice of their profile, or that of their regions if they have only one.

    choice: a code, `REPORTING_CURRENCY`, or empty for automatic. of_regions: the currencies of the contracts of the
    regions in the person's scope; None: the file names the currency of each row.
    """
    if choice:
        return reporting if choice == REPORTING_CURRENCY else choice
    distinct = set(of_regions) - {None, ""}
    return str(distinct.pop()) if len(distinct) == 1 else reporting


def currency_of_reader(
    warehouse: Warehouse,
    contracts: ContractRegistry,
    scope: Scope,
    choice: str,
    reporting: str,
    *,
    cache: QueryCache | None = None,
) -> str:
    """Return the `currency_of_person` of a person, or the reporting currency if theirs has no exchange rate."""
    visible = () if choice else map(contracts.current, contracts.names())
    of_regions = [contract.currency for contract in visible if scope.covers_region(contract.region)]
    own = currency_of_person(choice, of_regions, reporting)
    return own if own == reporting or own in convertible_currencies(warehouse, cache=cache) else reporting


class UnknownValue(Rejected):
    """Filter values that no sale in the user's scope has; `problems` has one message for each."""

    def __init__(
        self, name: str, unknown: list[str], existing: list[str], if_none: str = "no sale that you can see has one"
    ) -> None:
        self.name, self.unknown = name, unknown
        suggestions = _suggestions(existing, unknown) if existing else if_none
        self.problems = [f"There is no {name} “{value}”; {suggestions}." for value in unknown]
        quoted = ", ".join(f"“{value}”" for value in unknown)
        super().__init__(f"There is no {name} {quoted}; {suggestions}.")


def check_filter_values(
    warehouse: Warehouse,
    scope: Scope,
    filters: Filters,
    regions: Iterable[str] = (),
    *,
    cache: QueryCache | None = None,
) -> None:
    """Raise `UnknownValue` for values without sales in the scope; `regions` in scope need no sales, and a currency
    needs an exchange rate. The error lists values with sales, and the regions to which the scope is limited."""
    if filters.against is not None:
        check_filter_values(warehouse, scope, filters.against, regions, cache=cache)
    if filters.currency:
        existing = convertible_currencies(warehouse, cache=cache)
        if filters.currency not in existing:
            raise UnknownValue(CURRENCY, [filters.currency], list(existing), "no currency has an exchange rate")
    for name in CHECKED_FILTERS:
        requested = getattr(filters, name) or ()
        if not requested:
            continue
        rows = run_query(warehouse, "filter-values", scope, cache=cache, filter=name).to_pylist()
        lines: Mapping[str, int] = {row["value"]: row["lines"] for row in rows}
        if name == "region":
            lines = {region: 0 for region in regions if scope.regions is None or region in scope.regions} | dict(lines)
        unknown = [value for value in requested if value not in lines]
        if unknown:
            listed = [value for value in lines if lines[value] or value in (scope.regions or ())]
            raise UnknownValue(name, unknown, sorted(listed, key=lambda value: (-lines[value], value)))


def _suggestions(existing: list[str], unknown: list[str]) -> str:
    """List the most similar and most frequent values, and the number of the others."""
    folded = {value.casefold(): value for value in reversed(existing)}
    similar = [folded[close] for value in unknown for close in get_close_matches(value.casefold(), folded)]
    shown = list(dict.fromkeys([*similar, *existing]))[:MAX_SUGGESTIONS]
    more = len(existing) - len(shown)
    return f"there {'is' if len(existing) == 1 else 'are'} {', '.join(shown)}" + (f" and {more:,} more" if more else "")


def check_parameter_names(query: str, params: Mapping[str, object], parameters: Mapping[str, object]) -> None:
    """Raise `Rejected` for a name that is neither a parameter of the query nor a filter."""
    for name in params:
        if name not in parameters and not is_filter(name):
            own = f"Its parameters: {', '.join(parameters)}. " if parameters else ""
            raise Rejected(
                f"{query} has no parameter or filter {name}.{did_you_mean(name, (*parameters, *NAMES))} {own}"
                f"Filters: {', '.join(sorted(NAMES))}."
            )
