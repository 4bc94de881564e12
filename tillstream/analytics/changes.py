"""Analytics: what settlements changed of the numbers that a person sees; also of one that is only tried."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.domain.people import Scope
from tillstream.ports.warehouse import Question, Settled, Warehouse

ENDLESS = 2**63 - 1
GREATEST = 12
"""So many groups, and lines, with the greatest differences are told."""
KINDS = ("added", "corrected", "removed")
HEADLINE = ("revenue", "orders", "units", "customers")
_LAST = "SELECT COALESCE(MAX(settlement_no), 0) AS settlement_no FROM settlements"
_CHANGED = (
    "SELECT CAST(COALESCE(SUM(added + corrected + removed), 0) AS INT64) AS changed FROM settlements "
    "WHERE settlement_no > @after AND settlement_no <= @through"
)
_TRIES = 5


@dataclass(frozen=True)
class Changed:
    """What changed, net. Each group has revenue, units and lines by kind; `…_in_all` counts groups not shown too."""

    total: dict[str, Any]
    currencies: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    stores: list[dict[str, Any]]
    days: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    headline: tuple[tuple[str, Any, Any], ...] = ()
    """(name, before, after) of everything that the person sees together."""
    reporting: str = ""

    @property
    def anything(self) -> bool:
        return any(self.total[kind] for kind in KINDS)

    def in_all(self, groups: str) -> int:
        found = getattr(self, groups)
        return int(found[0]["all_lines" if groups == "lines" else "all_groups"]) if found else 0


_NOTHING = dict.fromkeys((*KINDS, "unconverted_lines"), 0) | dict.fromkeys(
    ("revenue_before", "revenue_after", "units_before", "units_after"), Decimal(0)
)
_ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("what-changed", {"by": "total"}),
    *(("what-changed", {"by": by, "limit": GREATEST}) for by in ("currency", "region", "store", "day")),
    ("changed-lines", {"limit": GREATEST}),
)


MOST = 300_000
"""So many changed lines are told net; more would keep everybody waiting, and nobody reads them together."""


def changed_lines(warehouse: Warehouse, after: int, through: int = ENDLESS) -> int:
    """How many lines settlements changed, each by itself and whoever's they are."""
    found = warehouse.query(_CHANGED, {"after": after, "through": through}).column("changed")
    number: int = found[0].as_py()
    return number


def last_settlement(warehouse: Warehouse, cache: QueryCache | None = None) -> int:
    mark = cache.newest() if cache else None
    if mark:
        return mark.settlement_no
    number: int = warehouse.query(_LAST).column("settlement_no")[0].as_py()
    return number


def of(
    warehouse: Warehouse, scope: Scope, after: int, through: int = ENDLESS, cache: QueryCache | None = None
) -> Changed:
    """What the settlements after `after` through `through` changed, net, with revenue and units before and after.

    Orders and customers of a past moment are not kept, so the headline of a past change is of what adds up.
    """
    window: dict[str, Any] = {"after": after, "through": through}
    answers = [queries.run(warehouse, name, scope, cache=cache, **params, **window) for name, params in _ASKED]
    kpis = queries.run(warehouse, "kpis", scope, cache=cache).to_pylist()[0]
    changed = _composed(answers, kpis["currency"])
    later = queries.run(warehouse, "changed-since", scope, cache=cache, after=through).to_pylist()[0]
    told = []
    for name in ("revenue", "units"):
        then = (kpis[name] or Decimal(0)) - later[name]
        told.append((name, then - (changed.total[f"{name}_after"] - changed.total[f"{name}_before"]), then))
    return _with_headline(changed, tuple(told))


def tried(
    warehouse: Warehouse,
    scope: Scope,
    attempt: Callable[[Sequence[Question]], Settled],
    cache: QueryCache | None = None,
) -> Changed:
    """What a settlement that `attempt` only tries would change. `attempt` gives the answers to the questions."""
    for _ in range(_TRIES):
        last = last_settlement(warehouse)
        before = queries.run(warehouse, "kpis", scope, cache=cache).to_pylist()[0]
        asked = [queries.question(warehouse, name, scope, **params, after=last) for name, params in _ASKED]
        settled = attempt([*asked, queries.question(warehouse, "kpis", scope)])
        if settled.settlement_no in {0, last + 1}:
            break  # else another one committed meanwhile, and its changes would be told as ours
    *answers, kpis = (queries.shown(answer, scope) for answer in settled.answers)
    after = kpis.to_pylist()[0]
    changed = _composed(answers, before["currency"])
    names = [name for name in HEADLINE if name in before]
    return _with_headline(changed, tuple((name, before[name], after[name]) for name in names))


def _composed(answers: Sequence[pa.Table], reporting: str) -> Changed:
    total, currencies, regions, stores, days, lines = (answer.to_pylist() for answer in answers)
    return Changed(total[0] if total else dict(_NOTHING), currencies, regions, stores, days, lines, (), reporting)


def _with_headline(changed: Changed, headline: tuple[tuple[str, Any, Any], ...]) -> Changed:
    return replace(changed, headline=headline)


def settlements(
    warehouse: Warehouse, scope: Scope, *, cache: QueryCache | None = None, **params: Any
) -> list[dict[str, Any]]:
    """Those that changed a line that the person sees, newest first, page by page (see the query `settlements`)."""
    found: list[dict[str, Any]] = queries.run(
        warehouse, "settlements", scope, Filters(), cache=cache, **params
    ).to_pylist()
    return found


def before(warehouse: Warehouse, day: date) -> int:
    """The last settlement before a day (UTC); 0 where there is none."""
    asked = (
        "SELECT COALESCE(MAX(settlement_no), 0) AS settlement_no FROM settlements WHERE CAST(settled_at AS DATE) < @day"
    )
    number: int = warehouse.query(asked, {"day": day}).column("settlement_no")[0].as_py()
    return number


def settled_at(warehouse: Warehouse, number: int) -> datetime | None:
    """When a settlement committed; None where there is none of that number."""
    asked = "SELECT settled_at FROM settlements WHERE settlement_no = @number"
    found = warehouse.query(asked, {"number": number}).column("settled_at").to_pylist()
    return found[0] if found else None
