"""Values of measures within a scope and filters."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.composer import Selection, compose
from tillstream.analytics.measures.definition import measure
from tillstream.analytics.measures.dimensions import dimension
from tillstream.analytics.query_cache import QueryCache
from tillstream.domain.people import Action, Scope
from tillstream.ports.warehouse import Warehouse


def run(
    warehouse: Warehouse,
    names: Sequence[str],
    by: Sequence[str],
    scope: Scope,
    filters: Filters | None = None,
    *,
    cache: QueryCache | None = None,
    **params: Any,
) -> pa.Table:
    """Return the measures by dimensions: one row per group, sorted by its dimensions; without dimensions, one row.

    Raises `NotFound` for an unknown measure or dimension, `Forbidden`, `Rejected`, and as `queries.run`.
    """
    selection = Selection(tuple(map(measure, names)), tuple(map(dimension, by)))
    _check_allowed(selection, scope)
    return queries.run(warehouse, compose(selection), scope, filters, cache=cache, **params)


def _check_allowed(selection: Selection, scope: Scope) -> None:
    if any(one.is_personal for one in selection.by) and not scope.may(Action.SEE_PERSONAL):
        raise queries.Forbidden("Your role cannot see personal data and therefore cannot group by it.")
    if any(one.reads_costs for one in selection.measures) and not scope.may(Action.SEE_COSTS):
        raise queries.Forbidden("Your role cannot see costs and margins.")
