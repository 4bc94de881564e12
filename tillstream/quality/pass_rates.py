"""Pass rates: the share of the rows of a data source that were accepted, or passed a rule, when they arrived."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

WEEK = timedelta(days=7)
Key = TypeVar("Key")
Row = Mapping[str, Any]
"""A row of the query `pass-rates` or `failed-rules`."""


@dataclass(frozen=True)
class Checked:
    """Numbers of rows: all that were checked, and those that failed."""

    rows: int = 0
    failed: int = 0

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(self.rows + other.rows, self.failed + other.failed)

    @property
    def rate(self) -> Decimal | None:
        """The fraction of the rows that passed; None without rows."""
        return Decimal(self.rows - self.failed) / self.rows if self.rows else None


@dataclass(frozen=True)
class Compared:
    """What was checked in a period, and in one before it."""

    now: Checked = Checked()
    before: Checked = Checked()

    @property
    def change(self) -> Decimal | None:
        """Points (hundredths) by which the rate rose; None if one of the periods has no rows."""
        if self.now.rate is None or self.before.rate is None:
            return None
        return 100 * (self.now.rate - self.before.rate)


@dataclass(frozen=True)
class Weeks:
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


def of_source(row: Row) -> Checked:
    """What a row of `pass-rates` counts."""
    return Checked(row["rows_checked"], row["rows_quarantined"])


def summed(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, Checked]:
    """key of a row of `pass-rates` → the sum of the rows."""
    sums: dict[Key, Checked] = defaultdict(Checked)
    for row in rows:
        sums[key(row)] += of_source(row)
    return sums


def compared(rows: Iterable[Row], first: date, key: Callable[[Row], Key]) -> dict[Key, Compared]:
    """key of a row of `pass-rates` → what was checked from the day `first`, and before it."""
    sums = summed(rows, lambda row: (key(row), row["period_start"] >= first))
    return {one: Compared(sums[one, True], sums[one, False]) for one in dict.fromkeys(each for each, _ in sums)}


@dataclass(frozen=True)
class Rule:
    """A rule of a data source: a problem, and the column that it is about; None for the whole row."""

    source: str
    code: str
    column: str | None
    severity: str


def compared_rules(rows: Iterable[Row], first: date, sources: Mapping[str, Compared]) -> dict[Rule, Compared]:
    """Rule of a row of `failed-rules` → what was checked from the day `first`, and before it.

    sources: data source → all its rows of the same periods, also of those without a failure.
    """
    failed: dict[tuple[Rule, bool], int] = defaultdict(int)
    for row in rows:
        rule = Rule(row["contract"], row["code"], row["column"], row["severity"])
        failed[rule, row["period_start"] >= first] += row["failed_rows"]
    return {
        rule: Compared(
            Checked(sources[rule.source].now.rows, failed[rule, True]),
            Checked(sources[rule.source].before.rows, failed[rule, False]),
        )
        for rule in dict.fromkeys(each for each, _ in [*failed])
    }
