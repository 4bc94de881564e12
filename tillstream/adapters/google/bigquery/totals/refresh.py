"""Refreshes the daily totals up to the last settlement, without reading days again whose lines were only added.

The rows of settlements stay in `incoming` for two days. An attempt that lost is in it as well; the attempt that was
committed has the `settled_at` of the settlement. A day on which lines were added to an earlier sale is computed again,
because these can have a category, product or customer that the sale has already.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sql
from tillstream.adapters.google.bigquery.dataset import RETRY_CONFLICT, Dataset
from tillstream.adapters.google.bigquery.fields import EPOCH, FLAGS, INCOMING, STORED
from tillstream.adapters.google.bigquery.literals import literal
from tillstream.adapters.google.bigquery.settle_script import MOST_PARTITIONS
from tillstream.adapters.google.bigquery.totals.refresh_script import Refresh, script

WITHIN = 1_500.0
"""Timeout of one transaction, in seconds."""
WINDOWS = (timedelta(minutes=30), timedelta(hours=36))
"""Ages of rows in `incoming` to read: usually enough; and up to which they surely stay until the transaction ends."""
MOST_SETTLEMENTS = 5_000
"""Settlements whose lines one refresh adds; after more, the days are computed again."""
_SKEW = timedelta(minutes=5)
"""By which the clocks of two machines may differ."""
_PREPARED = timedelta(hours=1)
"""Longest time from the `settled_at` of a settlement to its rows in `incoming`."""
NUMBERS = (
    f"SELECT (SELECT MAX(settlement_no) FROM {EPOCH}) AS last, written, summed, "
    "(SELECT COUNT(*) FROM catalogue_days) AS catalogue_days "
    "FROM (SELECT MAX(settlement_no) AS written, MAX(split_settlement_no) AS summed FROM summed) AS numbers"
)
CATALOGUE_DAYS = "SELECT change_id, sale_date FROM catalogue_days"
_FIRST_SUMMED = "INSERT INTO summed (settlement_no) SELECT 0 FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM summed)"
"""Two refreshes that change the same row cannot both commit."""
SETTLED = "SELECT settled_at FROM settlements WHERE settled_at >= @since"
"""Without the numbers, because the table has no partitions; `committed` verifies that there is one attempt for each."""
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
    """What to refresh; None if the totals include the last settlement.

    If a version that does not compute `split_orders` refreshed them last, its days are computed again.
    """
    (numbers,) = dataset.ask(NUMBERS, work="project")
    last, summed, written = numbers["last"] or 0, numbers["summed"] or 0, numbers["written"]
    if last == summed and not numbers["catalogue_days"]:
        return None
    if written is None:
        dataset.ask(_FIRST_SUMMED, work="project")
    refresh = Refresh(summed, last, written=written or 0)
    if numbers["catalogue_days"]:
        refresh = _with_catalogue(dataset, refresh)
    can_add = summed and not refresh.follows_older_version
    return (can_add and _from_incoming(dataset, refresh)) or replace(refresh, changed=_stale_days(dataset, refresh))


def _with_catalogue(dataset: Dataset, refresh: Refresh) -> Refresh:
    """With the days that changes of the catalogue concern. Each change adds its rows in one step."""
    rows = [*dataset.ask(CATALOGUE_DAYS, work="project")]
    days = sorted({row["sale_date"] for row in rows})
    return replace(refresh, changed=tuple(days), changes=tuple(sorted({row["change_id"] for row in rows})))


def _stale_days(dataset: Dataset, refresh: Refresh) -> tuple[date, ...]:
    rows = [*dataset.ask(sql.text("daily_totals/stale_days"), {"settlement_no": refresh.summed}, work="project")]
    if refresh.follows_older_version:
        rows += dataset.ask(sql.text("daily_totals/unsplit_days"), work="project")
    return tuple(sorted({row["sale_date"] for row in rows}))


def _from_incoming(dataset: Dataset, refresh: Refresh) -> Refresh | None:
    """Add what the rows in `incoming` only add; None if they may be incomplete."""
    if refresh.last == refresh.summed:
        return refresh
    if not 0 < refresh.last - refresh.summed <= MOST_SETTLEMENTS:
        return None
    for window in WINDOWS:
        now = datetime.now(UTC)
        since = {"since": now - window - _PREPARED}
        settled = {row["settled_at"] for row in dataset.ask(SETTLED, since, work="project")}
        rows = [*dataset.ask(arrived(now - window, now + _SKEW), work="project")]
        arrivals = committed(rows, settled, range(refresh.summed + 1, refresh.last + 1))
        if arrivals is not None:
            return _with_days(refresh, rows, arrivals)
    return None


def _with_days(refresh: Refresh, rows: Sequence[Row], arrivals: Mapping[str, datetime]) -> Refresh | None:
    settled_days, flagged, continued = (
        {row["sale_date"] for row in rows if row["target"] == target and row["token"] in arrivals}
        for target in (_SETTLED_DAYS, FLAGS, STORED)
    )
    changed = flagged | continued | {*refresh.changed}
    added = settled_days - changed
    if len(added) > MOST_PARTITIONS:
        return None
    return replace(refresh, arrivals=arrivals, added=tuple(sorted(added)), changed=tuple(sorted(changed)))


def arrived(first: datetime, last: datetime) -> str:
    """The attempts, the days of their settlements and flags, and the days on which they only continue a sale: another
    line represents it when orders are counted. One query reads each column once."""
    targets = ", ".join(map(literal, ("settlements", _SETTLED_DAYS, FLAGS, STORED)))
    columns = "token, target, arrived_at, settlement_no, settled_at, sale_date"
    is_stored = f"target = {literal(STORED)}"
    leads = "MAX(IF(is_current AND status NOT IN ('cancelled', 'returned'), leads, NULL))"
    return (
        f"SELECT DISTINCT {columns} FROM {INCOMING} "
        f"WHERE arrived_at BETWEEN {literal(first)} AND {literal(last)} AND target IN ({targets}) "
        f"GROUP BY {columns}, IF({is_stored}, sale, NULL) HAVING NOT {is_stored} OR {leads} = 0"
    )


def committed(
    rows: Sequence[Row], settled: Collection[datetime], numbers: Sequence[int]
) -> Mapping[str, datetime] | None:
    """Token → arrived_at of the attempts that were committed as these settlements; None unless each has exactly one.

    settled: `settled_at` of settlements, which attempts do not share.
    """
    attempts = [
        row
        for row in rows
        if row["target"] == "settlements" and row["settlement_no"] in numbers and row["settled_at"] in settled
    ]
    if sorted(row["settlement_no"] for row in attempts) != [*numbers]:
        return None
    return {row["token"]: row["arrived_at"] for row in attempts}
