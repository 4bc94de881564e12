"""A day's traffic, and the ledger that it leaves: rows per partition."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from devtools.billing.references import Selection, Value
from devtools.billing.sizes import width
from tillstream.adapters.google.bigquery.tables import APPENDED, EPOCH, FIELDS, FLAGS, INCOMING, LAYOUTS, RANGE, STORED
from tillstream.model.columns import ColumnKind
from tillstream.model.tables.warehouse_tables import LIVE

DAY = 86_400
NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
"""The middle of a day and of an hour, so that the partitions of both are half full: their average."""
LINES_PER_SALE = 2.5
SALES_PER_FILE = 2_000
"""A store's day."""
FROM_TILLS = 0.5
"""Of all sales; the others come in files."""
MICRO_BATCH, MICRO_WAIT = 2_000, 4.2
"""Sales of the largest micro-batch, and seconds from one pull to the next: two, and the work on a micro-batch."""
OPEN_HOURS, GAP = 16, 3.0
"""Hours of a day in which tills sell, and seconds of a minute between the last pull of a call and the next call."""
NIGHT_HOURS = 8
"""In which files arrive; they contain the sales of the day before."""
SETTLE_EVERY, SETTLE_SECONDS = 60, 20
"""Seconds between settlements of tills' sales, and of one settlement."""
REJECTED = 0.001
"""Rejected rows per line."""
TOTALS = {"day_sums": 0.02, "product_sums": 0.05, "customer_sums": 0.2}
"""Rows of the daily totals per line."""


@dataclass(frozen=True)
class Traffic:
    """So many sales a day. corrected: share of the lines that are corrected later."""

    sales: int
    corrected: float = 0.0
    settle_seconds: float = SETTLE_SECONDS
    """Of one settlement; files that are staged meanwhile are settled together by the next one."""

    @property
    def lines(self) -> float:
        return self.sales * LINES_PER_SALE

    @property
    def files(self) -> float:
        return self.sales * (1 - FROM_TILLS) / SALES_PER_FILE

    @property
    def micro_batches(self) -> float:
        return max(self.sales * FROM_TILLS / MICRO_BATCH, OPEN_HOURS * 3_600 / MICRO_WAIT)

    @property
    def batches(self) -> float:
        return self.files + self.micro_batches

    @property
    def settlements(self) -> float:
        """One a minute for tills; at night one more for each file, if there is time for so many one after another."""
        night = NIGHT_HOURS * 3_600
        at_night = min(night / SETTLE_EVERY + self.files, night / self.settle_seconds)
        return (DAY - night) / SETTLE_EVERY + at_night

    @property
    def settlements_of_files(self) -> float:
        """With at least one file."""
        return min(self.files, NIGHT_HOURS * 3_600 / self.settle_seconds)

    def rows(self, table: str) -> float:
        """Rows added to a table per day."""
        return {
            "settlements": self.settlements,
            "batches": self.batches,
            "batch_days": self.batches,
            "settlement_days": self.settlements,
            "sightings": self.lines * (1 + self.corrected),
            STORED: self.lines * (1 + self.corrected),
            FLAGS: self.lines * self.corrected,
            "statements": self.sales * FROM_TILLS,
            "refusals": self.lines * REJECTED,
            LIVE: self.lines * FROM_TILLS,
            # a settlement that corrects anything lists all its changes
            "listed_changes": self.lines if self.corrected else 0.0,
            **{name: self.lines * share for name, share in TOTALS.items()},
        }.get(table, 0.0)

    @property
    def stored(self) -> float:
        """Bytes added to BigQuery per day; the rows of `incoming` are deleted after two days."""
        return sum(self.rows(table) * width(table) for table in APPENDED)


@dataclass(frozen=True)
class Ledger:
    """A ledger after some days of the same traffic, at noon of the last one."""

    traffic: Traffic
    days: int

    def bytes(self, table: str, columns: Iterable[str], selection: Selection) -> float:
        """Logical bytes of these columns in the partitions that are left."""
        days = self._days(table, selection)
        if table in (EPOCH, "summed"):
            return width(table, columns)
        if table != INCOMING:
            return self.traffic.rows(table) * days * width(table, columns)
        # a column of `incoming` is NULL in the rows of all tables that lack it
        own = {field.name for field in FIELDS[INCOMING]} - {f.name for name in APPENDED for f in FIELDS[name]}
        chosen = set(columns)
        row = {name: width(name, chosen) + width(INCOMING, chosen & own) for name in APPENDED}
        return sum(self.traffic.rows(name) * days * size for name, size in row.items())

    def all_bytes(self, table: str, selection: Selection) -> float:
        """Logical bytes of all columns in the partitions that are left."""
        return self.bytes(table, [field.name for field in FIELDS[table]], selection)

    def partitions(self, table: str, selection: Selection) -> int:
        """Number of partitions that are left; 1 if the table has none."""
        return len(self._partitions(table, selection)) if LAYOUTS[table].partitioned else 1

    def _days(self, table: str, selection: Selection) -> float:
        """Days of traffic in the partitions that are left."""
        if not LAYOUTS[table].partitioned:
            return float(self.days)
        return sum(self._partitions(table, selection).values())

    def _partitions(self, table: str, selection: Selection) -> dict[Value, float]:
        """First value of a partition → days of traffic in it."""
        every = _every_partition(self, table)
        if selection.values is not None and table == INCOMING:  # its rows are moved in the hour in which they arrive
            hours = {_partition(value) for value in selection.values}
            return dict(list(every.items())[: len(hours)])
        if selection.values is not None:
            wanted = {_partition(value) for value in selection.values}
            return {first: days for first, days in every.items() if first in wanted}
        low = None if selection.low is None else _partition(selection.low)
        return {
            first: days
            for first, days in every.items()
            if (low is None or first >= low) and (selection.high is None or first <= selection.high)  # type: ignore[operator]
        }

    @property
    def last_settlement(self) -> int:
        """The greatest settlement number; the partition of the next ones is half full."""
        return round(self.traffic.settlements * self.days) // RANGE * RANGE + RANGE // 2


@cache
def _every_partition(ledger: Ledger, table: str) -> dict[Value, float]:
    """First value of each partition → days of traffic in it; newest first."""
    column = LAYOUTS[table].partitioned
    (kind,) = (field.kind for field in FIELDS[table] if field.name == column)
    if kind == ColumnKind.DATE:
        today = NOW.date()
        return {today - timedelta(n): 1.0 if n else 0.5 for n in range(ledger.days)}
    if kind == ColumnKind.TIMESTAMP:
        hours = (LAYOUTS[table].expires or timedelta(ledger.days)) // timedelta(hours=1)
        this = NOW.replace(minute=0)
        return {this - timedelta(hours=n): (1.0 if n else 0.5) / 24 for n in range(hours)}
    last, a_day = ledger.last_settlement, ledger.traffic.settlements
    return {first: min(RANGE, last - first) / a_day for first in range(last // RANGE * RANGE, -1, -RANGE)}


def _partition(value: Value) -> Value:
    """First value of the partition."""
    if isinstance(value, datetime):
        return value.replace(minute=0, second=0, microsecond=0)
    return value if isinstance(value, date) else value // RANGE * RANGE
