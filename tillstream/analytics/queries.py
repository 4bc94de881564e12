"""Analytics: the one door to every number. Scope and filters are applied here and nowhere else."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa

from tillstream.analytics.catalogue import Query, describe, names
from tillstream.analytics.comparison import Comparison, Reported, compared
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.analytics.visibility import relations
from tillstream.domain.columns import PERSONAL
from tillstream.domain.errors import Rejected
from tillstream.domain.people import EVERYTHING, Action, Scope
from tillstream.ports.warehouse import Warehouse

__all__ = ["Comparison", "Filters", "Forbidden", "Query", "QueryCache", "compose", "describe", "names", "run", "stream"]

AHEAD = timedelta(days=1)
"""So far a store's day may be ahead of UTC."""
_REPORTING = "SELECT MAX(currency) AS currency FROM reporting"
_LAST = "SELECT MAX(settlement_no) AS settlement_no FROM settlements"
HIDDEN = PERSONAL | {"customer"}


class Forbidden(Rejected):
    """The person's role or scope does not allow the question itself, whatever the rows."""


def run(
    warehouse: Warehouse,
    name: str,
    scope: Scope,
    filters: Filters | None = None,
    *,
    cache: QueryCache | None = None,
    **params: Any,
) -> pa.Table:
    """The answer of sql/queries/`name`, of the rows in `scope` and `filters`, without columns the person may not see.

    Raises `NotFound` (no such query), `Forbidden`, `Rejected` (a parameter) and what `Warehouse.query` raises.
    """
    filters = filters or Filters()
    reported, currency = _reported(warehouse, name, scope, filters, cache), _reporting_currency(warehouse, name)
    text, values = compose(name, scope, filters, reported, currency, **params)
    if cache is None:
        return _without_personal(warehouse.query(text, values), scope)
    key = (_last_settlement(warehouse), text, _frozen(values))
    answer = cache.get(key)
    if answer is None:
        answer = warehouse.query(text, values)
        cache.put(key, answer)
    return _without_personal(answer, scope)


def stream(
    warehouse: Warehouse, name: str, scope: Scope, filters: Filters | None = None, **params: Any
) -> Iterator[pa.RecordBatch]:
    """As `run`, in batches of bounded size."""
    filters = filters or Filters()
    reported, currency = _reported(warehouse, name, scope, filters, None), _reporting_currency(warehouse, name)
    text, values = compose(name, scope, filters, reported, currency, **params)
    for batch in warehouse.stream(text, values):
        yield _without_personal(batch, scope)


def comparison(
    warehouse: Warehouse, scope: Scope, filters: Filters, *, cache: QueryCache | None = None
) -> Comparison | None:
    """What the growth of `kpis` compares; None where it compares nothing. Raises as `run`."""
    return compared(filters, _reported(warehouse, "kpis", scope, filters, cache))


def _reported(warehouse: Warehouse, name: str, scope: Scope, filters: Filters, cache: QueryCache | None) -> Reported:
    """How far the regions and stores have reported; other filters choose among what was, and do not end it sooner."""
    query = describe(name)
    of_periods = query.reads("earlier_lines") and filters.start is not None and filters.end is not None
    if not of_periods and not query.reads("compared_days"):
        return Reported()
    who = Filters(region=filters.region, store=filters.store)
    (row,) = run(warehouse, "reported-days", scope, who, cache=cache).to_pylist()
    if row["last_day"] is not None and row["settled_at"] is not None:
        possible = row["settled_at"].date() + AHEAD
        if row["last_day"] > possible:
            (row,) = run(warehouse, "reported-days", scope, who, cache=cache, until=possible).to_pylist()
    return Reported(row["first_day"], row["last_day"])


def _reporting_currency(warehouse: Warehouse, name: str) -> str:
    query = describe(name)
    if not query.reads("visible_own_lines") and not query.reads("visible_foreign_lines"):
        return ""
    return str(warehouse.query(_REPORTING).column("currency")[0])


def compose(
    name: str,
    scope: Scope,
    filters: Filters,
    reported: Reported | None = None,
    reporting_currency: str = "",
    **params: Any,
) -> tuple[str, dict[str, Any]]:
    """The GoogleSQL text and the parameters that `run` sends. Raises as `run`, before anything is read."""
    reported = reported or Reported()
    query = describe(name)
    _allow(query, scope, filters)
    unknown = sorted(set(params) - {parameter.name for parameter in query.parameters})
    if unknown:
        known = ", ".join(parameter.name for parameter in query.parameters) or "none"
        raise Rejected(f"{name} has no parameter {', '.join(unknown)}; it has {known}.")
    values = {parameter.name: parameter.value(params.get(parameter.name)) for parameter in query.parameters}
    inserted = ""
    for relation, (select, bound) in relations(scope, filters, reported, reporting_currency).items():
        if query.reads(relation):
            inserted += f"{relation} AS (\n  {select}\n),\n"
            values |= bound
    return re.sub(r"^WITH\n", lambda match: match[0] + inserted, query.text, count=1, flags=re.MULTILINE), values


def _allow(query: Query, scope: Scope, filters: Filters) -> None:
    if query.needs and not scope.may(query.needs):
        raise Forbidden(f"Your role may not see {query.name}; it needs “{query.needs}”.")
    if filters.salesperson is not None and not scope.may(Action.SEE_PERSONAL):
        raise Forbidden("Your role sees no personal data, so it cannot choose a salesperson.")
    if not any(query.reads(relation) for relation in relations(scope, filters, Reported(), "")) and scope != EVERYTHING:
        raise Forbidden(f"{query.name} reads the whole warehouse; only an administrator may ask it.")


def _without_personal(answer: Any, scope: Scope) -> Any:
    if scope.may(Action.SEE_PERSONAL):
        return answer
    return answer.select([column for column in answer.schema.names if column not in HIDDEN])


def _last_settlement(warehouse: Warehouse) -> Any:
    return warehouse.query(_LAST).column("settlement_no")[0].as_py()


def _frozen(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in values.items()))
