"""Currencies in which amounts can be shown."""

from collections.abc import Iterable

import sql
from tillstream.analytics.filters import CURRENCY
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.people import Scope
from tillstream.people.profile import REPORTING
from tillstream.ports.warehouse import Warehouse


def convertible(warehouse: Warehouse, *, cache: QueryCache | None = None) -> tuple[str, ...]:
    """Return the ISO 4217 codes of the currencies with an exchange rate, and the reporting currency, sorted."""
    text = sql.text("reference/currencies")
    table = (cache or QueryCache()).once("currencies", lambda: warehouse.query(text))
    return tuple(sorted(table.column(CURRENCY).to_pylist()))


def own_currency(choice: str, of_regions: Iterable[str | None], reporting: str) -> str:
    """Return the currency of a person: the choice of their profile, or that of their regions if they have only one.

    choice: a code, `REPORTING`, or empty for automatic. of_regions: the currencies of the contracts of the regions in
    the person's scope; None: the file names the currency of each row.
    """
    if choice:
        return reporting if choice == REPORTING else choice
    distinct = set(of_regions) - {None, ""}
    return str(distinct.pop()) if len(distinct) == 1 else reporting


def readers_currency(
    warehouse: Warehouse,
    contracts: ContractRegistry,
    scope: Scope,
    choice: str,
    reporting: str,
    *,
    cache: QueryCache | None = None,
) -> str:
    """Return the `own_currency` of a person, or the reporting currency if theirs has no exchange rate."""
    visible = () if choice else map(contracts.current, contracts.names())
    of_regions = [contract.currency for contract in visible if scope.covers_region(contract.region)]
    own = own_currency(choice, of_regions, reporting)
    return own if own == reporting or own in convertible(warehouse, cache=cache) else reporting
