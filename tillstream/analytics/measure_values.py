"""Values of measures within a scope and filters."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.composer import Selection, compose
from tillstream.analytics.measures.definition import Measure, measure, measures
from tillstream.analytics.measures.dimensions import DIMENSIONS, Dimension, dimension
from tillstream.analytics.query_cache import QueryCache
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action, Scope
from tillstream.ports.warehouse import Warehouse

AMOUNT = pa.decimal128(38, 9)
ALL_ROWS = 2**31 - 1
"""A limit of rows that no answer reaches."""


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
    chosen, dimensions = tuple(map(measure, names)), tuple(map(dimension, by))
    _check_allowed(chosen, dimensions, scope)
    effects = [one for one in chosen if one.grain == "effect"]
    composed = tuple(one for one in chosen if one not in effects)
    columns: dict[str, Any] = {
        one.name: pa.array([_effect(warehouse, one, scope, filters, cache)], AMOUNT) for one in effects
    }
    if composed or not effects:
        values = queries.run(warehouse, compose(Selection(composed, dimensions)), scope, filters, cache=cache, **params)
        columns |= {name: values.column(name) for name in values.column_names}
    return pa.table({name: columns[name] for name in (*by, *names)})


def visible_measures(scope: Scope) -> list[Measure]:
    """The measures that a user may see."""
    return [one for one in measures().values() if not one.reads_costs or scope.may(Action.SEE_COSTS)]


def visible_dimensions(scope: Scope) -> list[Dimension]:
    """The dimensions that a user may group by."""
    return [one for one in DIMENSIONS.values() if not one.is_personal or scope.may(Action.SEE_PERSONAL)]


def _effect(
    warehouse: Warehouse, one: Measure, scope: Scope, filters: Filters | None, cache: QueryCache | None
) -> Decimal | None:
    rows = queries.run(warehouse, one.query, scope, filters, cache=cache).to_pylist()
    return next((row["amount"] for row in rows if row["effect"] == one.expression), None)


def _check_allowed(chosen: Sequence[Measure], by: Sequence[Dimension], scope: Scope) -> None:
    if any(one.is_personal for one in by) and not scope.may(Action.SEE_PERSONAL):
        raise queries.forbidden(scope, Action.SEE_PERSONAL, "see personal data and therefore cannot group by it")
    if any(one.reads_costs for one in chosen) and not scope.may(Action.SEE_COSTS):
        raise queries.forbidden(scope, Action.SEE_COSTS, "see costs and margins")
    for one in chosen:
        if one.grain == "attribute":
            raise Rejected(f"{one.name} has no value for a whole selection; run the query {one.query}.")
        if one.grain == "effect" and by:
            raise Rejected(f"{one.name} cannot be grouped; run the query change-by-group.")
