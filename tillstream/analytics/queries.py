"""Analytics: the one door to every number. Scope and filters are applied here and nowhere else."""

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from tillstream.analytics.catalogue import Query, describe, names
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.analytics.visibility import relations
from tillstream.domain.columns import PERSONAL
from tillstream.domain.errors import Rejected
from tillstream.domain.people import EVERYTHING, Action, Scope
from tillstream.ports.warehouse import Warehouse

__all__ = ["Filters", "Forbidden", "Query", "QueryCache", "compose", "describe", "names", "run", "stream"]

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
    text, values = compose(name, scope, filters or Filters(), **params)
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
    text, values = compose(name, scope, filters or Filters(), **params)
    for batch in warehouse.stream(text, values):
        yield _without_personal(batch, scope)


def compose(name: str, scope: Scope, filters: Filters, **params: Any) -> tuple[str, dict[str, Any]]:
    """The GoogleSQL text and the parameters that `run` sends. Raises as `run`, before anything is read."""
    query = describe(name)
    _allow(query, scope, filters)
    unknown = sorted(set(params) - {parameter.name for parameter in query.parameters})
    if unknown:
        known = ", ".join(parameter.name for parameter in query.parameters) or "none"
        raise Rejected(f"{name} has no parameter {', '.join(unknown)}; it has {known}.")
    values = {parameter.name: parameter.value(params.get(parameter.name)) for parameter in query.parameters}
    inserted = ""
    for relation, (select, bound) in relations(scope, filters).items():
        if query.reads(relation):
            inserted += f"{relation} AS (\n  {select}\n),\n"
            values |= bound
    return re.sub(r"^WITH\n", lambda match: match[0] + inserted, query.text, count=1, flags=re.MULTILINE), values


def _allow(query: Query, scope: Scope, filters: Filters) -> None:
    if query.needs and not scope.may(query.needs):
        raise Forbidden(f"Your role may not see {query.name}; it needs “{query.needs}”.")
    if filters.salesperson is not None and not scope.may(Action.SEE_PERSONAL):
        raise Forbidden("Your role sees no personal data, so it cannot choose a salesperson.")
    if not any(query.reads(relation) for relation in relations(scope, filters)) and scope != EVERYTHING:
        raise Forbidden(f"{query.name} reads the whole warehouse; only an administrator may ask it.")


def _without_personal(answer: Any, scope: Scope) -> Any:
    if scope.may(Action.SEE_PERSONAL):
        return answer
    return answer.select([column for column in answer.schema.names if column not in HIDDEN])


def _last_settlement(warehouse: Warehouse) -> Any:
    return warehouse.query(_LAST).column("settlement_no")[0].as_py()


def _frozen(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in values.items()))
