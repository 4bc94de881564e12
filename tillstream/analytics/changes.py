"""What settlements changed in the rows that a user may see, including a settlement that is only previewed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.model.people import Scope
from tillstream.ports.warehouse import Row, SettlementResult, Warehouse, WarehouseQuery

ANY_SETTLEMENT = 2**63 - 1
TOP_GROUPS = 12
"""Maximum number of groups, and of lines, that are returned; those with the greatest differences come first."""
CHANGE_KINDS = ("added", "corrected", "removed")
HEADLINE_MEASURES = ("revenue", "orders", "units", "customers")
_LAST = "SELECT COALESCE(MAX(settlement_no), 0) AS settlement_no FROM settlements"
_CHANGED = (
    "SELECT CAST(COALESCE(SUM(added + corrected + removed), 0) AS INT64) AS changed FROM settlements "
    "WHERE settlement_no > @after"
)
_TRIES = 5

_NOTHING = dict.fromkeys((*CHANGE_KINDS, "unconverted_lines"), 0) | dict.fromkeys(
    ("revenue_before", "revenue_after", "units_before", "units_after"), Decimal(0)
)
_QUERIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("what-changed", {"by": "each", "limit": TOP_GROUPS}),
    ("changed-lines", {"limit": TOP_GROUPS}),
)


MAX_CHANGED_LINES = 300_000
"""Maximum of changed lines for which net changes are computed; more would take too long."""


@dataclass(frozen=True)
class ChangeReport:
    """Net changes. Each group has revenue, units and lines by kind; `all_…` also counts the groups not listed."""

    total: Row
    currencies: list[Row]
    regions: list[Row]
    stores: list[Row]
    days: list[Row]
    lines: list[Row]
    headline: tuple[tuple[str, Any, Any], ...] = ()
    """(name, before, after) over all rows that the user may see."""
    currency: str = ""

    @property
    def anything(self) -> bool:
        return any(self.total[kind] for kind in CHANGE_KINDS)

    def in_all(self, groups: str) -> int:
        rows = getattr(self, groups)
        return int(rows[0]["all_lines" if groups == "lines" else "all_groups"]) if rows else 0


def changed_lines(warehouse: Warehouse, after: int) -> int:
    """Number of lines changed by settlements, summed over the settlements and not limited to a scope."""
    column = warehouse.query(_CHANGED, {"after": after}).column("changed")
    number: int = column[0].as_py()
    return number


def last_settlement(warehouse: Warehouse, cache: QueryCache | None = None) -> int:
    latest = cache.newest() if cache else None
    if latest:
        return latest.settlement_no
    number: int = warehouse.query(_LAST).column("settlement_no")[0].as_py()
    return number


def net_changes(
    warehouse: Warehouse,
    scope: Scope,
    after: int,
    through: int = ANY_SETTLEMENT,
    cache: QueryCache | None = None,
    *,
    currency: str = "",
) -> ChangeReport:
    """Net changes of the settlements after `after` through `through`, with revenue and units before and after.

    currency: of all amounts but those of lines; by default the reporting currency.
    The headline of a past change has additive metrics only: past numbers of orders and customers are not stored.
    """
    run = partial(queries.run_query, warehouse, scope=scope, filters=Filters(currency=currency), cache=cache)
    answers = [run(name, **params, after=after, through=through) for name, params in _QUERIES]
    kpis = run("kpis").to_pylist()[0]
    changed = _to_changed(answers, kpis["currency"])
    later = run("changed-since", after=through).to_pylist()[0]
    headline = []
    for name in ("revenue", "units"):
        value_after = (kpis[name] or Decimal(0)) - later[name]
        headline.append(
            (name, value_after - (changed.total[f"{name}_after"] - changed.total[f"{name}_before"]), value_after)
        )
    return _with_headline(changed, tuple(headline))


def preview_changes(
    warehouse: Warehouse,
    scope: Scope,
    attempt: Callable[[Sequence[WarehouseQuery]], SettlementResult],
    cache: QueryCache | None = None,
    *,
    currency: str = "",
) -> ChangeReport:
    """Preview a settlement. attempt: settles, runs these queries on the result, and rolls back. currency: as above."""
    filters = Filters(currency=currency)
    for _ in range(_TRIES):
        last = last_settlement(warehouse)
        before = queries.run_query(warehouse, "kpis", scope, filters, cache=cache).to_pylist()[0]
        questions = [
            queries.preview_query(warehouse, name, scope, filters, **params, after=last) for name, params in _QUERIES
        ]
        settled = attempt([*questions, queries.preview_query(warehouse, "kpis", scope, filters)])
        if settled.settlement_no in {0, last + 1}:
            break  # else a concurrent settlement committed, and its changes would be included
    *answers, kpis = (queries.without_hidden_columns(answer, scope) for answer in settled.results)
    after = kpis.to_pylist()[0]
    changed = _to_changed(answers, before["currency"])
    names = [name for name in HEADLINE_MEASURES if name in before]
    return _with_headline(changed, tuple((name, before[name], after[name]) for name in names))


def _to_changed(answers: Sequence[pa.Table], currency: str) -> ChangeReport:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in answers[0].to_pylist():
        groups[row["grouped_by"]].append(row)
    (total,) = groups["total"] or [dict(_NOTHING)]
    currencies, regions, stores, days = (groups[way] for way in ("currency", "region", "store", "day"))
    return ChangeReport(total, currencies, regions, stores, days, answers[1].to_pylist(), (), currency)


def _with_headline(changed: ChangeReport, headline: tuple[tuple[str, Any, Any], ...]) -> ChangeReport:
    return replace(changed, headline=headline)


def visible_settlements(
    warehouse: Warehouse, scope: Scope, *, cache: QueryCache | None = None, currency: str = "", **params: Any
) -> list[Row]:
    """Settlements that changed a visible line, newest first, paginated (see the query `settlements`)."""
    filters = Filters(currency=currency)
    rows: list[Row] = queries.run_query(warehouse, "settlements", scope, filters, cache=cache, **params).to_pylist()
    return rows


def last_settlement_before(warehouse: Warehouse, day: date) -> int:
    """Number of the last settlement before a day (UTC), or 0."""
    query = (
        "SELECT COALESCE(MAX(settlement_no), 0) AS settlement_no FROM settlements WHERE CAST(settled_at AS DATE) < @day"
    )
    number: int = warehouse.query(query, {"day": day}).column("settlement_no")[0].as_py()
    return number


def settlement_time(warehouse: Warehouse, number: int) -> datetime | None:
    """Commit time of a settlement, or None if there is no such settlement."""
    query = "SELECT settled_at FROM settlements WHERE settlement_no = @number"
    values = warehouse.query(query, {"number": number}).column("settled_at").to_pylist()
    return values[0] if values else None
