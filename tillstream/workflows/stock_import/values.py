"""Values of the cells of stock movements. Nothing is guessed: what has two meanings is a problem."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tillstream.domain.catalogue import cell_values
from tillstream.domain.catalogue.cell_values import CellProblem
from tillstream.domain.inventory.movements import LARGEST, REASONS, MovementKind
from tillstream.model.text import did_you_mean
from tillstream.workflows.stock_import.columns import IMPORTED, KIND_WORDS, REASON_WORDS, word_of
from tillstream.workflows.stock_import.refusals import Problem, UnusableCell

LONGEST = 200
"""Characters of a reference."""
_WRITE_DAY = "Write the day as 2026-11-30, with or without a time such as 14:30."
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?")
_DAY_AND_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+([\d:.]+(?: ?[AaPp]\.?[Mm]\.?)?) ?(Z|[+-]\d{2}:?\d{2})?)?"
)


@dataclass(frozen=True)
class When:
    """A day and its time. second: of the day; -1: none. at: the instant, if the cell has an offset from UTC."""

    day: date
    second: int = -1
    at: datetime | None = None


def quantity(cell: str) -> Decimal:
    if not cell:
        raise UnusableCell(Problem("quantity", "", "The row has no quantity.", "Enter the number of units."))
    try:
        value = cell_values.number(cell)
    except CellProblem as error:
        words = f"“{cell}” is not a number{error.detail}."
        raise UnusableCell(Problem("quantity", cell, words, "Write it as 1234.5.")) from error
    if abs(value) >= LARGEST:
        words = f"{cell} is not below {LARGEST:,}."
        raise UnusableCell(Problem("quantity", cell, words, "Correct the quantity; it may be a barcode."))
    return value


def kind(cell: str) -> MovementKind:
    word = word_of(cell)
    if word in KIND_WORDS:
        return KIND_WORDS[word]
    suggested = did_you_mean(word, KIND_WORDS)
    choices = ", ".join(IMPORTED)
    raise UnusableCell(
        Problem("type", cell, f"“{cell}” is not a type of movement.{suggested}", f"Use one of {choices}.")
    )


def reason(cell: str) -> str:
    if not cell:
        return ""
    key = REASON_WORDS.get(" ".join(cell.split()).casefold())
    if key is None:
        choices = ", ".join(REASONS)
        raise UnusableCell(Problem("reason", cell, f"“{cell}” is not a reason.", f"Use one of {choices}."))
    return key


def reference(cell: str) -> str:
    if len(cell) > LONGEST:
        words = f"The reference has more than {LONGEST} characters."
        raise UnusableCell(Problem("reference", cell[:LONGEST], words, "Shorten it."))
    return cell


def when(cell: str, latest: date) -> When:
    """The day of a cell, and its time. latest: no fact is later than this day."""
    try:
        value = _when(cell)
    except ValueError as error:
        raise UnusableCell(Problem("date", cell, f"“{cell}” is not a day.", _WRITE_DAY)) from error
    if not date(1970, 1, 2) <= value.day <= latest:
        words = f"{value.day} is in the future." if value.day > latest else f"{value.day} is before 1970."
        raise UnusableCell(Problem("date", cell, words, "Correct the day."))
    return value


def _when(cell: str) -> When:
    match = _DAY_AND_TIME.fullmatch(cell)
    if not match:
        raise ValueError(cell)
    day, time_of_day, offset = date(*map(int, match.group(1, 2, 3))), match[4], match[5]
    second = _second(time_of_day) if time_of_day else -1
    return When(day, second, datetime.fromisoformat(f"{day}T{time_of_day}{offset}") if offset else None)


def time(cell: str) -> int:
    """Seconds of the day. A workbook has midnight or a day before the time."""
    try:
        return _second(cell.rpartition("T")[2] if "T" in cell else cell.rpartition(" ")[2] if "-" in cell else cell)
    except ValueError as error:
        raise UnusableCell(
            Problem("time", cell, f"“{cell}” is not a time.", "Write the time as 14:30 or 14:30:05.")
        ) from error


def _second(text: str) -> int:
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    half = (match[4] or "").casefold()
    if half and not 1 <= hour <= 12:
        raise ValueError(text)
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    span = timedelta(hours=hour, minutes=minute, seconds=second)
    if minute > 59 or second > 59 or span >= timedelta(days=1):
        raise ValueError(text)
    return int(span.total_seconds())
