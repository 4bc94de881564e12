"""Refreshes the daily totals up to the last settlement, without reading days again whose lines were only added.

The rows of settlements stay in `incoming` for two days. An attempt that lost is in it as well; the attempt that was
committed has the `settled_at` of the settlement.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sql
from tillstream.adapters.google.bigquery.dataset import RETRY_CONFLICT, Dataset
from tillstream.adapters.google.bigquery.fields import EPOCH, FLAGS, INCOMING
from tillstream.adapters.google.bigquery.literals import literal
from tillstream.adapters.google.bigquery.settle_script import MOST_PARTITIONS
from tillstream.adapters.google.bigquery.totals.refresh_script import Refresh, script

WITHIN = 1_500.0
"""Timeout of one transaction, in seconds."""
KEPT = timedelta(hours=36)
"""Age up to which the rows of a settlement are certainly in `incoming` until the transaction ends."""
MOST_SETTLEMENTS = 5_000
"""Settlements whose lines one refresh adds; after more, the days are computed again."""
_SKEW = timedelta(minutes=5)
"""By which the clocks of two machines may differ."""
NUMBERS = f"SELECT (SELECT MAX(settlement_no) FROM {EPOCH}) AS last, (SELECT MAX(settlement_no) FROM summed) AS summed"
_FIRST_SUMMED = "INSERT INTO summed (settlement_no) SELECT 0 FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM summed)"
"""Two refreshes that change the same row cannot both commit."""
SETTLED = (
    "SELECT settlement_no, settled_at FROM settlements WHERE settlement_no > @settlement_no AND settlement_no <= @last"
)
_SETTLED_DAYS = "settlement_days"
Row = Mapping[str, Any]


def refresh(dataset: Dataset) -> int:
    """Refresh the totals; return the number of refreshed days. Raises `Unavailable`, `Conflict`."""
    days: int = RETRY_CONFLICT(_refresh_once)(dataset)
    return days


def _refresh_once(dataset: Dataset) -> int:
    planned = plan(dataset)
    if planned is None:
        return 0
    with dataset.errors("The daily totals"):
        dataset.ask(script(planned, dataset.name), work="project", within=WITHIN)
    return len({*planned.added, *planned.changed})


def plan(dataset: Dataset) -> Refresh | None:
    """What to refresh; None if the totals include the last settlement."""
    (numbers,) = dataset.ask(NUMBERS, work="project")
    last, summed = numbers["last"] or 0, numbers["summed"]
    if last == (summed or 0):
        return None
    if summed is None:
        dataset.ask(_FIRST_SUMMED, work="project")
    refresh = Refresh(summed or 0, last)
    return (summed and _from_incoming(dataset, refresh)) or replace(refresh, changed=_stale_days(dataset, refresh))


def _stale_days(dataset: Dataset, refresh: Refresh) -> tuple[date, ...]:
    rows = dataset.ask(sql.text("daily_totals/stale_days"), {"settlement_no": refresh.summed}, work="project")
    return tuple(row["sale_date"] for row in rows)


def _from_incoming(dataset: Dataset, refresh: Refresh) -> Refresh | None:
    """Add what the rows in `incoming` only add; None if they may be incomplete."""
    if not 0 < refresh.last - refresh.summed <= MOST_SETTLEMENTS:
        return None
    params = {"settlement_no": refresh.summed, "last": refresh.last}
    settled = {row["settlement_no"]: row["settled_at"] for row in dataset.ask(SETTLED, params, work="project")}
    first, now = min(settled.values(), default=datetime.min.replace(tzinfo=UTC)), datetime.now(UTC)
    if first < now - KEPT:
        return None
    rows = [*dataset.ask(arrived(first - _SKEW, now + _SKEW), work="project")]
    arrivals = committed(rows, settled)
    if arrivals is None:
        return None
    days = {
        target: {row["sale_date"] for row in rows if row["target"] == target and row["token"] in arrivals}
        for target in (_SETTLED_DAYS, FLAGS)
    }
    changed, added = days[FLAGS], days[_SETTLED_DAYS] - days[FLAGS]
    if len(added) > MOST_PARTITIONS:
        return None
    return replace(refresh, arrivals=arrivals, added=tuple(sorted(added)), changed=tuple(sorted(changed)))


def arrived(first: datetime, last: datetime) -> str:
    targets = ", ".join(map(literal, ("settlements", _SETTLED_DAYS, FLAGS)))
    return (
        f"SELECT DISTINCT token, target, arrived_at, settlement_no, settled_at, sale_date FROM {INCOMING} "
        f"WHERE arrived_at BETWEEN {literal(first)} AND {literal(last)} AND target IN ({targets})"
    )


def committed(rows: list[Row], settled: Mapping[int, datetime]) -> Mapping[str, datetime] | None:
    """Token → arrived_at of the attempts that were committed; None unless there is exactly one per settlement."""
    attempts = [
        row for row in rows if row["target"] == "settlements" and settled.get(row["settlement_no"]) == row["settled_at"]
    ]
    if sorted(row["settlement_no"] for row in attempts) != sorted(settled):
        return None
    return {row["token"]: row["arrived_at"] for row in attempts}
