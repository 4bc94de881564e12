"""Explanations of measures: the value, the uploads it includes, and the data it does not include yet."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tillstream.analytics import measure_values
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures import definition
from tillstream.analytics.measures.definition import Measure
from tillstream.analytics.queries import QueryCache, forbidden, run
from tillstream.domain.people import Action, Scope
from tillstream.ports.warehouse import Warehouse

LATE_WITHIN = timedelta(days=62)
"""A store without sales for longer than this is closed or renamed rather than late."""
MANY_LINES = 1_000_000
"""With more lines than this, uploads are queried only on request, as the query takes seconds."""


@dataclass(frozen=True)
class Missing:
    """Data missing from a measure: `rates` by currency, `refused` rows by region, `late` regions and stores."""

    unconverted_lines: int
    rates: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    late: list[dict[str, Any]]
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
    missing: Missing
    uploads: list[dict[str, Any]] | None = field(default=None)
    """None if the user may not see uploads, or if there are too many lines to query them without a request."""
    all_uploads: int = 0


def visible_measure(name: str, scope: Scope) -> Measure:
    """Return the measure `name`. Raises `NotFound`, `Forbidden`."""
    one = definition.measure(name)
    if one.reads_costs and not scope.may(Action.SEE_COSTS):
        raise forbidden(scope, Action.SEE_COSTS, "see costs and margins")
    return one


def explain(
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
    """Explain the measure `name`. Raises `NotFound`, `Forbidden`, and as `queries.run`."""
    measure = visible_measure(name, scope)
    (kpis,) = run(warehouse, "kpis", scope, filters, cache=cache).to_pylist()
    missing = _missing(warehouse, scope, filters, kpis, cache)
    explanation = MeasureExplanation(
        measure,
        _value(warehouse, measure, scope, filters, cache),
        kpis["currency"],
        kpis["lines"],
        kpis["as_of"],
        missing,
    )
    if not scope.may(Action.SEE_UPLOADS) or (kpis["lines"] > MANY_LINES and not whatever_it_takes):
        return explanation
    uploads = run(
        warehouse, "included-uploads", scope, filters, cache=cache, counts=measure.lines, limit=limit, offset=offset
    ).to_pylist()
    return MeasureExplanation(
        **vars(explanation) | {"uploads": uploads, "all_uploads": uploads[0]["all_uploads"] if uploads else 0}
    )


def _value(warehouse: Warehouse, measure: Measure, scope: Scope, filters: Filters, cache: QueryCache | None) -> Any:
    """The value of the whole selection; None for an attribute, which has none."""
    if measure.grain == "attribute":
        return None
    return measure_values.run(warehouse, [measure.name], (), scope, filters, cache=cache).column(0)[0].as_py()


def _missing(
    warehouse: Warehouse, scope: Scope, filters: Filters, kpis: dict[str, Any], cache: QueryCache | None
) -> Missing:
    currencies = run(warehouse, "by-currency", scope, filters, cache=cache).to_pylist()
    days = {"from": filters.start or date.min, "to": filters.end or date.max}
    refused = run(warehouse, "refused-rows", scope, Filters(region=filters.region), cache=cache, **days).to_pylist()
    scope_filters = Filters(region=filters.region, store=filters.store)
    fresh = run(warehouse, "freshness-of-everything", scope, scope_filters, cache=cache).to_pylist()
    reported = [row["last_day"] for row in fresh if row["kind"] == "region"]
    through = min(max(reported), filters.end or date.max) if reported else None
    return Missing(
        kpis["unconverted_lines"],
        [row for row in currencies if row["unconverted_lines"]],
        refused,
        _late(fresh, through) if through else [],
        through,
    )


def _late(fresh: list[dict[str, Any]], through: date) -> list[dict[str, Any]]:
    """Regions and stores whose last sale is before `through` but within `LATE_WITHIN` of it, the oldest first."""
    late = [
        {name: row[name] for name in ("kind", "region", "name", "last_day")}
        for row in fresh
        if row["kind"] in {"region", "store"} and through - LATE_WITHIN <= row["last_day"] < through
    ]
    return sorted(late, key=lambda row: (row["last_day"], row["kind"], row["name"]))
