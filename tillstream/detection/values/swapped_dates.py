"""Rules and sentences for dates with day and month swapped, shared by detection and by the checks of known sources.

A swapped date has its day and month exchanged; a date with a day above 12 stays as it is. In known sources, day and
year with two digits can be swapped, too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

_FEW_JUMPS, _MANY_JUMPS, _MIN_CHANGES = 0.01, 0.1, 12
_MONTH_DAYS, _LAST_MONTH = 365 / 12, 12
_CHANCE = 0.1
"""Probability below which a separation of days at the twelfth is no chance."""
_AGREES, _MIN_ROWS = 0.95, 5
_MANY_YEARS, _RECENT_YEARS, _CENTURY = 5, 2, 2000


@dataclass(frozen=True)
class DateMoves:
    """Numbers of steps to a later and to an earlier day, in a sequence of rows."""

    ups: int
    downs: int

    @property
    def changes(self) -> int:
        return self.ups + self.downs

    @property
    def jumps(self) -> float:
        """Share of steps against the prevailing direction; 1 without steps."""
        return min(self.ups, self.downs) / self.changes if self.changes else 1.0


@dataclass(frozen=True)
class SwappedExample:
    """A date of the file: its cell, its line, and its two readings."""

    cell: str
    line: int
    read: date
    swapped: date

    def __str__(self) -> str:
        return (
            f"“{self.cell}” in line {self.line:,} is read as {self.read.isoformat()}; "
            f"with day and month swapped it is {self.swapped.isoformat()}"
        )


@dataclass(frozen=True)
class DateDoubt:
    """Evidence that day and month of a file's dates are swapped, or day and year."""

    words: str
    repair: Literal["", "date-cells", "formats", "years"] = ""
    """What the next version of the contract can swap: the cells that are dates, or in its formats day and month, or day
    and year."""


def swap_day_and_month(day: date) -> date:
    """Swap day and month; dates for which that is not a date are unchanged."""
    return day.replace(month=day.day, day=day.month) if can_be_swapped(day) else day


def swap_day_and_year(day: date) -> date | None:
    """Swap day and the last two digits of the year, in this century; None if that is not a date."""
    try:
        return date(_CENTURY + day.day, day.month, day.year % 100)
    except ValueError:
        return None


def are_years_swapped(read: Collection[date], swapped: Collection[date], received: date) -> bool:
    """Whether the days are of many years as read, and of the last two years before receipt with day and year swapped.

    read, swapped: distinct days.
    """
    years = {day.year for day in swapped}
    return (
        len({day.year for day in read}) >= _MANY_YEARS
        and max(swapped) <= received
        and len(years) <= _RECENT_YEARS
        and min(years) >= received.year - _RECENT_YEARS
    )


def only_first_ascends(best: DateMoves, other: DateMoves) -> bool:
    """Whether the rows ascend in the first reading, and jump back in the other one."""
    return best.changes >= _MIN_CHANGES and best.jumps <= _FEW_JUMPS and other.jumps >= _MANY_JUMPS


def is_half_converted(converted: Collection[date], texts: Collection[date]) -> bool:
    """Whether a spreadsheet of another region converted some dates, and so swapped day and month of these.

    converted, texts: distinct dates of cells that are dates, and of cells that are texts. Such a spreadsheet converts
    days up to the twelfth and leaves the others as texts.
    """
    if not converted or not texts or not is_only_early(converted) or any(map(can_be_swapped, texts)):
        return False
    early = _LAST_MONTH / _MONTH_DAYS
    return early ** len(converted) * (1 - early) ** len(texts) < _CHANCE


def is_only_early(days: Collection[date]) -> bool:
    """Whether every day is at most the twelfth, so that day and month of all of them may be swapped."""
    return all(map(can_be_swapped, days))


def can_be_swapped(day: date) -> bool:
    """Whether its day can be a month."""
    return day.day <= _LAST_MONTH


def only_first_agrees(best: int, other: int, rows: int) -> bool:
    """Whether the first reading agrees with another column of the file, and the other reading contradicts it.

    best, other: numbers of rows that agree. rows: rows in which day and month can be swapped.
    """
    return rows >= _MIN_ROWS and best >= _AGREES * rows and best - other >= max(_MIN_ROWS, (1 - _AGREES) * rows)


def half_converted_words(column: str, converted: int, texts: int, lines: Sequence[int], example: SwappedExample) -> str:
    """lines: of the first texts."""
    return (
        f"a spreadsheet may have swapped day and month in {column}: all {_rows(converted, 'date cell')} have a day up "
        f"to 12, and all {_rows(texts, 'text')} have a day above 12 ({_listed(lines)}). {example}"
    )


def order_words(column: str, sequence: str, moves: DateMoves, lines: Sequence[int], example: SwappedExample) -> str:
    """sequence: the order of the rows that the dates follow. lines: of the first steps against it."""
    return (
        f"day and month may be swapped in {column}: in the order of {sequence}, {min(moves.ups, moves.downs):,} of "
        f"{moves.changes:,} changes of the date go against the order ({_listed(lines)}), and none or few with day and "
        f"month swapped. {example}"
    )


def year_words(column: str, read: Collection[date], swapped: Collection[date], example: SwappedExample) -> str:
    first, last = min(swapped).isoformat(), max(swapped).isoformat()
    return (
        f"day and year may be swapped in {column}: as read, its {len(read):,} days are of {min(read).year} to "
        f"{max(read).year}; with day and year swapped, all are from {first} to {last}. “{example.cell}” in line "
        f"{example.line:,} is read as {example.read.isoformat()}; with day and year swapped it is "
        f"{example.swapped.isoformat()}"
    )


def period_words(
    column: str,
    period: str,
    value: str,
    rows: int,
    agreeing: int,
    total: int,
    lines: Sequence[int],
    example: SwappedExample,
) -> str:
    """period: the column that contradicts. value: its cell in the line of the example. lines: of the first rows."""
    return (
        f"day and month may be swapped in {column}: {period} contradicts the dates as read in {rows:,} of {total:,} "
        f"rows ({_listed(lines)}), and agrees in {agreeing:,} with day and month swapped. {example}, and {period} is "
        f"“{value}”"
    )


def _rows(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count > 1 else ''}"


def _listed(lines: Sequence[int]) -> str:
    return f"line{'s' if len(lines) > 1 else ''} {', '.join(f'{line:,}' for line in lines)}"
