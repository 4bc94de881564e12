"""Analytics: why a number is what it is: its value, which uploads are in it, and what is not in it yet."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tillstream.analytics.filters import Filters
from tillstream.analytics.metrics import FIGURES, Figure
from tillstream.analytics.queries import QueryCache, run
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action, Scope
from tillstream.ports.warehouse import Warehouse

USUAL = timedelta(days=62)
"""A store that sold nothing for longer is closed, or was renamed; it is not late."""
MANY_LINES = 1_000_000
"""Of more lines the uploads are worked out only where somebody asks for it: it takes seconds."""


@dataclass(frozen=True)
class Missing:
    """What is not in a number: `rates` by currency, `refused` by region, `late` regions and stores by last day."""

    unconverted_lines: int
    rates: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    late: list[dict[str, Any]]
    through: date | None
    """The day through which the most up to date of the chosen regions has reported."""


@dataclass(frozen=True)
class Why:
    figure: Figure
    value: Any
    currency: str
    lines: int
    """How many chosen lines of every status there are."""
    as_of: Any
    missing: Missing
    uploads: list[dict[str, Any]] | None = field(default=None)
    """None where the person may not see uploads, or where they are too many to be worked out unasked."""
    all_uploads: int = 0


def figure(name: str) -> Figure:
    """Raises `NotFound`."""
    if name not in FIGURES:
        raise NotFound(f"There is no figure {name}; there are {', '.join(FIGURES)}.")
    return FIGURES[name]


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
) -> Why:
    """Raises `NotFound`, and as `queries.run`."""
    asked = figure(name)
    (kpis,) = run(warehouse, "kpis", scope, filters, cache=cache).to_pylist()
    missing = _missing(warehouse, scope, filters, kpis, cache)
    why = Why(
        asked, _value(warehouse, scope, asked, filters, cache), kpis["currency"], kpis["lines"], kpis["as_of"], missing
    )
    if not scope.may(Action.SEE_UPLOADS) or (kpis["lines"] > MANY_LINES and not whatever_it_takes):
        return why
    uploads = run(
        warehouse, "included-uploads", scope, filters, cache=cache, counts=asked.counts, limit=limit, offset=offset
    ).to_pylist()
    return Why(**vars(why) | {"uploads": uploads, "all_uploads": uploads[0]["all_uploads"] if uploads else 0})


def _value(warehouse: Warehouse, scope: Scope, asked: Figure, filters: Filters, cache: QueryCache | None) -> Any:
    rows = run(warehouse, asked.query, scope, filters, cache=cache).to_pylist()
    if asked.query != "growth":
        return rows[0][asked.name]
    column = "year_growth" if asked.name.endswith("year_growth") else "growth"
    of = asked.name.removesuffix(f"_{column}")
    return next((row[column] for row in rows if row["figure"] == of), None)


def _missing(
    warehouse: Warehouse, scope: Scope, filters: Filters, kpis: dict[str, Any], cache: QueryCache | None
) -> Missing:
    currencies = run(warehouse, "by-currency", scope, filters, cache=cache).to_pylist()
    days = {"from": filters.start or date.min, "to": filters.end or date.max}
    refused = run(warehouse, "refused-rows", scope, Filters(region=filters.region), cache=cache, **days).to_pylist()
    who = Filters(region=filters.region, store=filters.store)
    fresh = run(warehouse, "freshness-of-everything", scope, who, cache=cache).to_pylist()
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
    """Regions and stores that sold not long before and not up to the day others have reported, the latest first."""
    found = [
        {name: row[name] for name in ("kind", "region", "name", "last_day")}
        for row in fresh
        if row["kind"] in {"region", "store"} and through - USUAL <= row["last_day"] < through
    ]
    return sorted(found, key=lambda row: (row["last_day"], row["kind"], row["name"]))
