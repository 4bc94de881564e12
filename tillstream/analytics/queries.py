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
from tillstream.analytics.row_scope import Basis, relations
from tillstream.analytics.summed import Summed, summed
from tillstream.domain.columns import PERSONAL
from tillstream.domain.errors import Rejected
from tillstream.domain.people import EVERYTHING, Action, Scope
from tillstream.ports.warehouse import Question, Warehouse

__all__ = ["Comparison", "Filters", "Forbidden", "Query", "QueryCache", "compose", "describe", "names", "run", "stream"]

AHEAD = timedelta(days=1)
"""So far a store's day may be ahead of UTC."""
_REPORTING = "SELECT MAX(currency) AS currency FROM reporting"
_SUMS = re.compile(r"\b(visible|(year_)?earlier|compared|known)_\w*sums\b")
HIDDEN = PERSONAL | {"customer"}
_COMPARED = re.compile(r"\b(earlier|year_earlier|compared)_(\w*lines|\w*sums|periods)\b")
OF_THE_PERSON = "personal"
"""The parameter by which a query is told whether the person may see personal columns."""


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
    newest = cache.newest() if cache else None  # before anything is asked: what is answered is not older
    known = summed(warehouse, cache)
    text, values = compose(name, scope, filters, _basis(warehouse, name, scope, filters, known, cache), **params)
    if cache is None:
        return _without_personal(warehouse.query(text, values), scope)
    key = (newest, known.last_settlement, text, _frozen(values))
    answer = cache.get(key)
    if answer is None:
        answer = warehouse.query(text, values)
        cache.put(key, answer)
    return _without_personal(answer, scope)


def stream(
    warehouse: Warehouse, name: str, scope: Scope, filters: Filters | None = None, **params: Any
) -> Iterator[pa.RecordBatch]:
    """As `run`, in batches of bounded size; one at least, so that the columns are known."""
    filters = filters or Filters()
    basis = _basis(warehouse, name, scope, filters, summed(warehouse), None)
    text, values = compose(name, scope, filters, basis, **params)
    empty = True
    for batch in warehouse.stream(text, values):
        empty = False
        yield _without_personal(batch, scope)
    if empty:
        nothing = run(warehouse, name, scope, filters, **params)
        yield pa.RecordBatch.from_arrays([pa.array([], f.type) for f in nothing.schema], schema=nothing.schema)


def question(warehouse: Warehouse, name: str, scope: Scope, filters: Filters | None = None, **params: Any) -> Question:
    """What `run` would send, for a preview of a settlement to answer; the answer is `shown` then. Raises as `run`."""
    filters = filters or Filters()
    basis = _basis(warehouse, name, scope, filters, Summed(), None)  # sums know nothing of what is previewed
    return Question(*compose(name, scope, filters, basis, **params))


def shown(answer: pa.Table, scope: Scope) -> pa.Table:
    """An answer to a `question`, without the columns that the person may not see."""
    return _without_personal(answer, scope)


def comparison(
    warehouse: Warehouse, scope: Scope, filters: Filters, *, cache: QueryCache | None = None
) -> Comparison | None:
    """What the growth of `kpis` compares; None where it compares nothing. Raises as `run`."""
    return compared(filters, _reported(warehouse, "kpis", scope, filters, cache))


def _reported(warehouse: Warehouse, name: str, scope: Scope, filters: Filters, cache: QueryCache | None) -> Reported:
    """How far the regions and stores have reported; other filters choose among what was, and do not end it sooner."""
    query = describe(name)
    of_periods = _COMPARED.search(query.text) and filters.start is not None and filters.end is not None
    if not of_periods and not query.reads("compared_days"):
        return Reported()
    who = Filters(region=filters.region, store=filters.store)
    (row,) = run(warehouse, "reported-days", scope, who, cache=cache).to_pylist()
    if row["last_day"] is not None and row["settled_at"] is not None:
        possible = row["settled_at"].date() + AHEAD
        if row["last_day"] > possible:
            (row,) = run(warehouse, "reported-days", scope, who, cache=cache, until=possible).to_pylist()
    return Reported(row["first_day"], row["last_day"])


def _basis(
    warehouse: Warehouse, name: str, scope: Scope, filters: Filters, known: Summed, cache: QueryCache | None
) -> Basis:
    reported, currency = _reported(warehouse, name, scope, filters, cache), ""
    if _SUMS.search(describe(name).text):
        asked = (cache or QueryCache()).once("reporting", lambda: warehouse.query(_REPORTING))
        currency = str(asked.column("currency")[0])
    return Basis(reported, currency, known.stale)


def compose(
    name: str,
    scope: Scope,
    filters: Filters,
    basis: Basis | None = None,
    **params: Any,
) -> tuple[str, dict[str, Any]]:
    """The GoogleSQL text and the parameters that `run` sends. Raises as `run`, before anything is read."""
    query = describe(name)
    _allow(query, scope, filters)
    unknown = sorted(set(params) - {parameter.name for parameter in query.parameters})
    if unknown:
        known = ", ".join(parameter.name for parameter in query.parameters) or "none"
        raise Rejected(f"{name} has no parameter {', '.join(unknown)}; it has {known}.")
    values = {parameter.name: parameter.value(params.get(parameter.name)) for parameter in query.parameters}
    if OF_THE_PERSON in values:  # whatever was asked for: a search must not find what the person may not see
        values[OF_THE_PERSON] = int(scope.may(Action.SEE_PERSONAL))
    inserted = ""
    for relation, (select, bound) in relations(scope, filters, basis or Basis()).items():
        if query.reads(relation):
            inserted += f"{relation} AS (\n  {select}\n),\n"
            values |= bound
    return re.sub(r"^WITH\n", lambda match: match[0] + inserted, query.text, count=1, flags=re.MULTILINE), values


def _allow(query: Query, scope: Scope, filters: Filters) -> None:
    if query.needs and not scope.may(query.needs):
        raise Forbidden(f"Your role may not see {query.name}; it needs “{query.needs}”.")
    if filters.salesperson is not None and not scope.may(Action.SEE_PERSONAL):
        raise Forbidden("Your role sees no personal data, so it cannot choose a salesperson.")
    if not any(query.reads(relation) for relation in relations(scope, filters, Basis())) and scope != EVERYTHING:
        raise Forbidden(f"{query.name} reads the whole warehouse; only an administrator may ask it.")


def _without_personal(answer: Any, scope: Scope) -> Any:
    if scope.may(Action.SEE_PERSONAL):
        return answer
    return answer.select([column for column in answer.schema.names if column not in HIDDEN])


def _frozen(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in values.items()))
