"""Refreshes the daily totals on BigQuery up to the last settlement, and merges the rows that the refreshes add.

The rows of settlements stay in `incoming` for two days. An attempt that lost is in it as well; the attempt that was
committed has the `settled_at` of the settlement. A day on which lines were added to an earlier sale is computed again,
because these can have a category, product or customer that the sale has already.

Once a day it also finds days without `split_orders`, which the merge of an older version leaves.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sql
from sql.limits import limited
from tillstream.adapters.google.bigquery.dataset import RETRY_CONFLICT, Dataset
from tillstream.adapters.google.bigquery.query_values import is_in, literal
from tillstream.adapters.google.bigquery.settle_script import MOST_PARTITIONS, in_dataset
from tillstream.adapters.google.bigquery.tables import EPOCH, FIELDS, FLAGS, INCOMING, SALE_VERSIONS, STORED
from tillstream.model.tables.daily_totals import DAY, ROLLUPS, day_groups, select_rollup

REFRESH_DAYS = 366
"""Days per statement that computes them again."""

REFRESH_WITHIN = 1_500.0
"""Timeout of one transaction, in seconds."""
WINDOWS = (timedelta(minutes=30), timedelta(hours=36))
"""Ages of rows in `incoming` to read: usually enough; and up to which they surely stay until the transaction ends."""
MOST_SETTLEMENTS = 5_000
"""Settlements whose lines one refresh adds; after more, the days are computed again."""
_SKEW = timedelta(minutes=5)
"""By which the clocks of two machines may differ."""
_PREPARED = timedelta(hours=1)
"""Longest time from the `settled_at` of a settlement to its rows in `incoming`."""
NUMBERS_QUERY = (
    f"SELECT (SELECT MAX(settlement_no) FROM {EPOCH}) AS last, written, summed, "
    "(SELECT COUNT(*) FROM catalogue_days) AS catalogue_days "
    "FROM (SELECT MAX(settlement_no) AS written, MAX(split_settlement_no) AS summed FROM summed) AS numbers"
)
CATALOGUE_DAYS_QUERY = "SELECT change_id, sale_date FROM catalogue_days"
_FIRST_SUMMED = "INSERT INTO summed (settlement_no) SELECT 0 FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM summed)"
"""Two refreshes that change the same row cannot both commit."""
SETTLED_QUERY = "SELECT settled_at FROM settlements WHERE settled_at >= @since"
"""Without the numbers, because the table has no partitions; `committed_attempts` verifies that there is one attempt
for each."""
_SETTLED_DAYS = "settlement_days"
Row = Mapping[str, Any]

MERGE_WITHIN = 1_500.0
"""Timeout of one transaction, in seconds."""
MERGE_DAYS = 31
"""Days per transaction; a refresh waits for it."""
MERGE_SINCE = timedelta(hours=26)
"""Age of the settlements whose days are merged: those since the last run. Queries add up what one run misses."""
MARK_UNSPLIT = (
    "UPDATE summed SET split_settlement_no = LEAST(split_settlement_no, settlement_no - 1) "
    "WHERE EXISTS (SELECT 1 FROM day_sums WHERE split_orders IS NULL)"
)
"""Marks totals with rows of a version that does not compute `split_orders`; the next refresh finds their days."""
_FIRST = "SELECT MIN(settlement_no) AS settlement_no FROM settlements WHERE settled_at >= @since"


@dataclass(frozen=True)
class Refresh:
    """The inputs of one transaction."""

    summed: int
    """Last settlement that the totals include before it, with `split_orders`."""
    last: int
    """Last settlement of the ledger, which they include after it."""
    arrivals: Mapping[str, datetime] = field(default_factory=dict)
    """Token → `arrived_at` of the rows in `incoming` whose lines are added."""
    added: Sequence[date] = ()
    """Days to which lines are added."""
    changed: Sequence[date] = ()
    """Days that are computed again."""
    changes: Sequence[str] = ()
    """Changes of the catalogue whose days these include."""
    written: int | None = None
    """Last settlement that any version included before it; None: `summed`."""

    @property
    def follows_older_version(self) -> bool:
        """Whether a version that does not compute `split_orders` refreshed the totals last."""
        return self.written not in (None, self.summed)


def refresh_script(refresh: Refresh, dataset: str) -> str:
    """The script. It fails if another refresh, a settlement or a restore was committed after the plan was made."""
    written = refresh.summed if refresh.written is None else refresh.written
    steps = [
        "BEGIN TRANSACTION",
        f"IF (SELECT COUNT(*) FROM summed WHERE settlement_no = {written} "
        f"AND COALESCE(split_settlement_no, 0) = {refresh.summed}) <> 1 "
        f"OR (SELECT MAX(settlement_no) FROM {EPOCH}) <> {refresh.last} THEN\n"
        "  SELECT ERROR('Aborted due to concurrent update: the totals or the ledger changed');\nEND IF",
        f"UPDATE summed SET settlement_no = {refresh.last}, split_settlement_no = {refresh.last} WHERE TRUE",
        *([f"DELETE FROM catalogue_days WHERE {is_in('change_id', refresh.changes)}"] if refresh.changes else []),
        *(statement for table in ROLLUPS for statement in _statements(table, refresh)),
        "COMMIT TRANSACTION",
    ]
    return in_dataset(";\n".join(steps) + ";", dataset)


def _statements(table: str, refresh: Refresh) -> Iterator[str]:
    columns = ", ".join(column.name for column in FIELDS[table])
    insert = f"INSERT INTO {table} ({columns})\n"
    if refresh.added:
        added = f"SELECT {columns} FROM (\n{select_rollup(table, is_in(DAY, refresh.added))}\n)"
        yield f"{insert}{limited(added, {SALE_VERSIONS: _added_lines(refresh)})}"
    for group in day_groups(refresh.changed, REFRESH_DAYS):
        days = is_in(DAY, group)
        yield f"DELETE FROM {table} WHERE {days}"
        yield f"{insert}SELECT {columns} FROM (\n{select_rollup(table, days)}\n)"


def _added_lines(refresh: Refresh) -> str:
    """The rows that the settlements added to `sale_versions`."""
    columns = ", ".join(column.name for column in FIELDS[STORED])
    arrived = is_in("arrived_at", sorted({*refresh.arrivals.values()}))
    tokens = is_in("token", sorted(refresh.arrivals))
    return f"SELECT {columns} FROM {INCOMING}\nWHERE {arrived} AND {tokens} AND target = {literal(STORED)}"


def refresh_daily_totals(dataset: Dataset) -> int:
    """Refresh the totals; return the number of refreshed days. Raises `Unavailable`, `Conflict`."""
    days: int = RETRY_CONFLICT(_refresh_once)(dataset)
    return days


def _refresh_once(dataset: Dataset) -> int:
    planned = plan_refresh(dataset)
    if planned is None:
        return 0
    with dataset.errors("The daily totals"):
        dataset.ask(refresh_script(planned, dataset.name), work="project", within=REFRESH_WITHIN)
    return len({*planned.added, *planned.changed})


def plan_refresh(dataset: Dataset) -> Refresh | None:
    """What to refresh; None if the totals include the last settlement.

    If a version that does not compute `split_orders` refreshed them last, its days are computed again.
    """
    (numbers,) = dataset.ask(NUMBERS_QUERY, work="project")
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
    rows = [*dataset.ask(CATALOGUE_DAYS_QUERY, work="project")]
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
        settled = {row["settled_at"] for row in dataset.ask(SETTLED_QUERY, since, work="project")}
        rows = [*dataset.ask(arrivals_query(now - window, now + _SKEW), work="project")]
        arrivals = committed_attempts(rows, settled, range(refresh.summed + 1, refresh.last + 1))
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


def arrivals_query(first: datetime, last: datetime) -> str:
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


def committed_attempts(
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


def merge_daily_totals(dataset: Dataset) -> int:
    """Merge the rows of the days that settlements changed lately; return the number of days. Idempotent."""
    with dataset.errors("The daily totals"):
        RETRY_CONFLICT(dataset.ask)(MARK_UNSPLIT, work="compact")
    (row,) = dataset.ask(_FIRST, {"since": datetime.now(UTC) - MERGE_SINCE}, work="compact")
    if row["settlement_no"] is None:
        return 0
    before = {"settlement_no": row["settlement_no"] - 1}
    changed = dataset.ask(sql.text("daily_totals/stale_days"), before, work="compact")
    days = [row["sale_date"] for row in changed]
    for group in day_groups(days, MERGE_DAYS):
        with dataset.errors("The daily totals"):
            RETRY_CONFLICT(dataset.ask)(merge_script(group), work="compact", within=MERGE_WITHIN)
    return len(days)


def merge_script(days: Sequence[date]) -> str:
    """The transaction for these days. It changes `summed`, so that no refresh can commit meanwhile."""
    steps = [
        "BEGIN TRANSACTION",
        "UPDATE summed SET settlement_no = settlement_no WHERE TRUE",
        *(_merge(table, is_in(DAY, days)) for table in ROLLUPS),
        "COMMIT TRANSACTION",
    ]
    return ";\n".join(steps) + ";"


def _merge(table: str, days: str) -> str:
    """Replace the rows of these days by their groups, in one statement."""
    columns = ", ".join(column.name for column in FIELDS[table])
    return (
        f"MERGE {table} AS totals\nUSING (\n{select_rollup(table, days, table)}\n) AS folded\nON FALSE\n"
        f"WHEN NOT MATCHED BY SOURCE AND totals.{days} THEN DELETE\n"
        f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({columns})"
    )
