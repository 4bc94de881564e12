"""The script that refreshes the daily totals in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sql.limits import limited
from tillstream.adapters.google.bigquery.fields import EPOCH, FIELDS, INCOMING, SALE_VERSIONS, STORED
from tillstream.adapters.google.bigquery.literals import is_in, literal
from tillstream.adapters.google.bigquery.settle_script import in_dataset
from tillstream.domain.daily_totals import DAY, ROLLUPS, day_groups, select

DAYS = 366
"""Days per statement that computes them again."""


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


def script(refresh: Refresh, dataset: str) -> str:
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
        added = f"SELECT {columns} FROM (\n{select(table, is_in(DAY, refresh.added))}\n)"
        yield f"{insert}{limited(added, {SALE_VERSIONS: _added_lines(refresh)})}"
    for group in day_groups(refresh.changed, DAYS):
        days = is_in(DAY, group)
        yield f"DELETE FROM {table} WHERE {days}"
        yield f"{insert}SELECT {columns} FROM (\n{select(table, days)}\n)"


def _added_lines(refresh: Refresh) -> str:
    """The rows that the settlements added to `sale_versions`."""
    columns = ", ".join(column.name for column in FIELDS[STORED])
    arrived = is_in("arrived_at", sorted({*refresh.arrivals.values()}))
    tokens = is_in("token", sorted(refresh.arrivals))
    return f"SELECT {columns} FROM {INCOMING}\nWHERE {arrived} AND {tokens} AND target = {literal(STORED)}"
