"""Values of measures within a scope and filters, and explanations of them: included uploads and missing data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures import definitions
from tillstream.analytics.measures.composer import compares_periods, measure_ctes
from tillstream.analytics.measures.definitions import (
    DIMENSIONS,
    Dimension,
    Measure,
    MeasureReference,
    all_measures,
    find_dimension,
    find_measure,
)
from tillstream.analytics.queries import forbidden_error, run_query
from tillstream.analytics.query_cache import QueryCache
from tillstream.analytics.query_catalogue import CatalogueQuery, QueryParameter
from tillstream.model.errors import Rejected
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.ports.warehouse import Row, Warehouse

AMOUNT_TYPE = pa.decimal128(38, 9)
ALL_ROWS = 2**31 - 1
"""A limit of rows that no answer reaches."""

LATE_WITHIN = timedelta(days=62)
"""A store without sales for longer than this is closed or renamed rather than late."""
MANY_LINES = 1_000_000
"""With more lines than this, uploads are queried only on request, as the query takes seconds."""
LIMIT_PARAMETER = QueryParameter("limit", "INT64", "10000", (), "Maximum number of rows")
OFFSET_PARAMETER = QueryParameter("offset", "INT64", "0", (), "Number of rows to skip")


@dataclass(frozen=True)
class MeasureSelection:
    """Measures by dimensions."""

    measures: tuple[Measure, ...]
    by: tuple[Dimension, ...] = ()

    @property
    def name(self) -> str:
        by = f" by {', '.join(one.name for one in self.by)}" if self.by else ""
        return f"measures {', '.join(one.name for one in self.measures)}{by}"


def query_measures(
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

    Raises `NotFound` for an unknown measure or dimension, `Forbidden`, `Rejected`, and as `queries.run_query`.
    """
    chosen, dimensions = tuple(map(find_measure, names)), tuple(map(find_dimension, by))
    _check_allowed(chosen, dimensions, scope)
    effects = [one for one in chosen if one.grain == "effect"]
    composed = tuple(one for one in chosen if one not in effects)
    columns: dict[str, Any] = {
        one.name: pa.array([_amount_of_effect(warehouse, one, scope, filters, cache)], AMOUNT_TYPE) for one in effects
    }
    if composed or not effects:
        values = queries.run_query(
            warehouse, compose_measures(MeasureSelection(composed, dimensions)), scope, filters, cache=cache, **params
        )
        columns |= {name: values.column(name) for name in values.column_names}
    return pa.table({name: columns[name] for name in (*by, *names)})


def compose_measures(selection: MeasureSelection) -> CatalogueQuery:
    """Return the query. Its columns: the dimensions, then the measures. Raises `Rejected`."""
    _check_selection(selection)
    _check_comparisons(selection)
    composed = measure_ctes("final", [MeasureReference(one.name) for one in selection.measures], selection.by)
    names = [one.name for one in selection.by]
    order = f"\nORDER BY {', '.join(names)}\nLIMIT @limit OFFSET @offset" if names else ""
    return CatalogueQuery(
        selection.name,
        "WITH\n" + ",\n".join(composed.ctes) + f"\nSELECT * FROM final{order}",
        "",
        (LIMIT_PARAMETER, OFFSET_PARAMETER) if selection.by else (),
        None,
        relations=composed.relations,
        has_amounts=composed.has_amounts,
    )


def _check_selection(selection: MeasureSelection) -> None:
    for kind, names in (("measure", selection.measures), ("dimension", selection.by)):
        if len({one.name for one in names}) < len(names):
            raise Rejected(f"A {kind} is chosen twice.")
    if not selection.measures:
        raise Rejected("Choose at least one measure.")


def _check_comparisons(selection: MeasureSelection) -> None:
    periods = [one.name for one in selection.by if one.is_period]
    if not periods:
        return
    for one in selection.measures:
        if compares_periods(one):
            raise Rejected(f"{one.name} compares two periods; it cannot be grouped by {periods[0]}.")


def visible_measures(scope: Scope) -> list[Measure]:
    """The measures that a user may see."""
    return [one for one in all_measures().values() if not one.reads_costs or scope.may(Action.SEE_COSTS)]


def visible_dimensions(scope: Scope) -> list[Dimension]:
    """The dimensions that a user may group by."""
    return [one for one in DIMENSIONS.values() if not one.is_personal or scope.may(Action.SEE_PERSONAL)]


def _amount_of_effect(
    warehouse: Warehouse, one: Measure, scope: Scope, filters: Filters | None, cache: QueryCache | None
) -> Decimal | None:
    rows = queries.run_query(warehouse, one.query, scope, filters, cache=cache).to_pylist()
    return next((row["amount"] for row in rows if row["effect"] == one.expression), None)


def _check_allowed(chosen: Sequence[Measure], by: Sequence[Dimension], scope: Scope) -> None:
    if any(one.is_personal for one in by) and not scope.may(Action.SEE_PERSONAL):
        raise queries.forbidden_error(scope, Action.SEE_PERSONAL, "see personal data and therefore cannot group by it")
    if any(one.reads_costs for one in chosen) and not scope.may(Action.SEE_COSTS):
        raise queries.forbidden_error(scope, Action.SEE_COSTS, "see costs and margins")
    for one in chosen:
        if one.grain == "attribute":
            raise Rejected(f"{one.name} has no value for a whole selection; run the query {one.query}.")
        if one.grain == "effect" and by:
            raise Rejected(f"{one.name} cannot be grouped; run the query change-by-group.")


@dataclass(frozen=True)
class MissingData:
    """Data missing from a measure: `rates` by currency, `refused` rows by region, `late` regions and stores."""

    unconverted_lines: int
    rates: list[Row]
    refused: list[Row]
    late: list[Row]
    through: date | None
    """The last reported day of the most up-to-date region in the filters."""


@dataclass(frozen=True)
class MeasureExplanation:
    measure: Measure
    value: Any
    currency: str
    lines: int
    """Number of lines in the filters, of every status."""
    as_of: Any
    missing: MissingData
    uploads: list[Row] | None = field(default=None)
    """None if the user may not see uploads, or if there are too many lines to query them without a request."""
    all_uploads: int = 0


def visible_measure(name: str, scope: Scope) -> Measure:
    """Return the measure `name`. Raises `NotFound`, `Forbidden`."""
    one = definitions.find_measure(name)
    if one.reads_costs and not scope.may(Action.SEE_COSTS):
        raise forbidden_error(scope, Action.SEE_COSTS, "see costs and margins")
    return one


def explain_measure(
    warehouse: Warehouse,
    scope: Scope,
    name: str,
    filters: Filters,
    *,
    cache: QueryCache | None = None,
    limit: int = 50,
    offset: int = 0,
    whatever_it_takes: bool = False,
) -> MeasureExplanation:
    """Explain the measure `name`. Raises `NotFound`, `Forbidden`, and as `queries.run_query`."""
    measure = visible_measure(name, scope)
    (kpis,) = run_query(warehouse, "kpis", scope, filters, cache=cache).to_pylist()
    missing = _read_missing_data(warehouse, scope, filters, kpis, cache)
    explanation = MeasureExplanation(
        measure,
        _value_of_measure(warehouse, measure, scope, filters, cache),
        kpis["currency"],
        kpis["lines"],
        kpis["as_of"],
        missing,
    )
    if not scope.may(Action.SEE_UPLOADS) or (kpis["lines"] > MANY_LINES and not whatever_it_takes):
        return explanation
    uploads = run_query(
        warehouse, "included-uploads", scope, filters, cache=cache, counts=measure.lines, limit=limit, offset=offset
    ).to_pylist()
    return MeasureExplanation(
        **vars(explanation) | {"uploads": uploads, "all_uploads": uploads[0]["all_uploads"] if uploads else 0}
    )


def _value_of_measure(
    warehouse: Warehouse, measure: Measure, scope: Scope, filters: Filters, cache: QueryCache | None
) -> Any:
    """The value of the whole selection; None for an attribute, which has none."""
    if measure.grain == "attribute":
        return None
    return query_measures(warehouse, [measure.name], (), scope, filters, cache=cache).column(0)[0].as_py()


def _read_missing_data(
    warehouse: Warehouse, scope: Scope, filters: Filters, kpis: Row, cache: QueryCache | None
) -> MissingData:
    currencies = run_query(warehouse, "by-currency", scope, filters, cache=cache).to_pylist()
    days = {"from": filters.start or date.min, "to": filters.end or date.max}
    refused = run_query(
        warehouse, "refused-rows", scope, Filters(region=filters.region), cache=cache, **days
    ).to_pylist()
    scope_filters = Filters(region=filters.region, store=filters.store)
    fresh = run_query(warehouse, "freshness-of-everything", scope, scope_filters, cache=cache).to_pylist()
    reported = [row["last_day"] for row in fresh if row["kind"] == "region"]
    through = min(max(reported), filters.end or date.max) if reported else None
    return MissingData(
        kpis["unconverted_lines"],
        [row for row in currencies if row["unconverted_lines"]],
        refused,
        _late_rows(fresh, through) if through else [],
        through,
    )


def _late_rows(fresh: list[Row], through: date) -> list[Row]:
    """Regions and stores whose last sale is before `through` but within `LATE_WITHIN` of it, the oldest first."""
    late = [
        {name: row[name] for name in ("kind", "region", "name", "last_day")}
        for row in fresh
        if row["kind"] in {"region", "store"} and through - LATE_WITHIN <= row["last_day"] < through
    ]
    return sorted(late, key=lambda row: (row["last_day"], row["kind"], row["name"]))
