"""The cohort table: how many customers come back, by the period of their first purchase."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

MONTHS = {"monthly": 1, "quarterly": 3}
MAX_ROWS, MAX_COLUMNS = 24, 13
"""The newest cohorts, and the periods since the first purchase, that a page shows."""
SHADES = (Decimal("0.05"), Decimal("0.15"), Decimal("0.3"), Decimal("0.5"))
"""Lower limits of the shades 1 to 4."""


@dataclass(frozen=True)
class Cell:
    """`customers` is 0 if nobody came back. `is_complete`: whether the whole period is reported."""

    customers: int
    retention: Decimal
    is_complete: bool

    @property
    def shade(self) -> int:
        return sum(self.retention >= limit for limit in SHADES)


@dataclass(frozen=True)
class Cohort:
    """`cells`: by the number of periods since the first one; None for periods after the last reported day."""

    start: date
    size: int
    cells: list[Cell | None]


def cohorts(rows: Iterable[dict[str, Any]], period: str, last_day: date | None) -> list[Cohort]:
    """Arrange the rows of `cohort-retention`, oldest cohort first; `last_day`: the last reported one in the filters."""
    by_cohort: dict[date, dict[int, dict[str, Any]]] = {}
    for row in rows:
        by_cohort.setdefault(row["cohort"], {})[row["periods_since"]] = row
    newest = sorted(by_cohort)[-MAX_ROWS:]
    return [_cohort(start, by_cohort[start], MONTHS[period], last_day) for start in newest]


def width(table: list[Cohort]) -> int:
    """Number of columns that have a value in some row."""
    return max((sum(cell is not None for cell in one.cells) for one in table), default=0)


def _cohort(start: date, rows: dict[int, dict[str, Any]], months: int, last_day: date | None) -> Cohort:
    size = next(iter(rows.values()))["cohort_size"]
    cells: list[Cell | None] = []
    for number in range(MAX_COLUMNS):
        begins, ends = _month_after(start, number * months), _month_after(start, (number + 1) * months)
        if last_day is None or begins > last_day:
            cells.append(None)
            continue
        row = rows.get(number)
        customers, retention = (row["customers"], row["retention"]) if row else (0, Decimal(0))
        cells.append(Cell(customers, retention, is_complete=ends - timedelta(days=1) <= last_day))
    return Cohort(start, size, cells)


def _month_after(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, 1)
