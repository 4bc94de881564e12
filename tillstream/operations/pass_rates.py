"""Pass rates: the share of the rows of a data source that were accepted, or passed a rule, when they arrived."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

WEEK = timedelta(days=7)
Key = TypeVar("Key")
RateRow = Mapping[str, Any]
"""A row of the query `pass-rates` or `failed-rules`."""


@dataclass(frozen=True)
class CheckedRows:
    """Numbers of rows: all that were checked, and those that failed."""

    rows: int = 0
    failed: int = 0

    def __add__(self, other: "CheckedRows") -> "CheckedRows":
        return CheckedRows(self.rows + other.rows, self.failed + other.failed)

    @property
    def rate(self) -> Decimal | None:
        """The fraction of the rows that passed; None without rows."""
        return Decimal(self.rows - self.failed) / self.rows if self.rows else None


@dataclass(frozen=True)
class ComparedRows:
    """What was checked in a period, and in one before it."""

    now: CheckedRows = CheckedRows()
    before: CheckedRows = CheckedRows()

    @property
    def change(self) -> Decimal | None:
        """Points (hundredths) by which the rate rose; None if one of the periods has no rows."""
        if self.now.rate is None or self.before.rate is None:
            return None
        return 100 * (self.now.rate - self.before.rate)


@dataclass(frozen=True)
class WholeWeeks:
    """Whole weeks from Monday, the last one up to today, and as many weeks before them."""

    count: int
    today: date

    @property
    def starts(self) -> list[date]:
        """The Monday of each week."""
        last = self.today - timedelta(days=self.today.weekday())
        return [last - number * WEEK for number in reversed(range(self.count))]

    @property
    def first(self) -> date:
        return self.starts[0]

    @property
    def starts_before(self) -> list[date]:
        return [start - self.count * WEEK for start in self.starts]


def checked_of_row(row: RateRow) -> CheckedRows:
    """What a row of `pass-rates` counts."""
    return CheckedRows(row["rows_checked"], row["rows_quarantined"])


def sum_checked(rows: Iterable[RateRow], key: Callable[[RateRow], Key]) -> dict[Key, CheckedRows]:
    """key of a row of `pass-rates` → the sum of the rows."""
    sums: dict[Key, CheckedRows] = defaultdict(CheckedRows)
    for row in rows:
        sums[key(row)] += checked_of_row(row)
    return sums


def compare_checked(rows: Iterable[RateRow], first: date, key: Callable[[RateRow], Key]) -> dict[Key, ComparedRows]:
    """key of a row of `pass-rates` → what was checked from the day `first`, and before it."""
    sums = sum_checked(rows, lambda row: (key(row), row["period_start"] >= first))
    return {one: ComparedRows(sums[one, True], sums[one, False]) for one in dict.fromkeys(each for each, _ in sums)}


@dataclass(frozen=True)
class SourceRule:
    """A rule of a data source: a problem, and the column that it is about; None for the whole row."""

    source: str
    code: str
    column: str | None
    severity: str


def compare_rules(
    rows: Iterable[RateRow], first: date, sources: Mapping[str, ComparedRows]
) -> dict[SourceRule, ComparedRows]:
    """Rule of a row of `failed-rules` → what was checked from the day `first`, and before it.

    sources: data source → all its rows of the same periods, also of those without a failure.
    """
    failed: dict[tuple[SourceRule, bool], int] = defaultdict(int)
    for row in rows:
        rule = SourceRule(row["contract"], row["code"], row["column"], row["severity"])
        failed[rule, row["period_start"] >= first] += row["failed_rows"]
    return {
        rule: ComparedRows(
            CheckedRows(sources[rule.source].now.rows, failed[rule, True]),
            CheckedRows(sources[rule.source].before.rows, failed[rule, False]),
        )
        for rule in dict.fromkeys(each for each, _ in [*failed])
    }
