"""Find the order of day and month by the order of the rows, and by columns that contain the month or the quarter."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tillstream.detection.evidence import percentage
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.date_profile import parse_in_order
from tillstream.domain.dates.period_names import Period, period_of_header, period_value
from tillstream.domain.dates.swapped_dates import Moves, agrees_only, ascends_only

_MAX_ROWS = 5_000


@dataclass(frozen=True)
class OrderProof:
    order: str
    evidence: str
    lines: tuple[int, ...] = ()


def proofs(column: Column, sheet: Sheet, orders: Sequence[str], numbers: Column | None) -> Iterator[OrderProof]:
    """Yield each proof of one of the orders. numbers: the sale id column, if any."""
    days = {order: _days(column, order) for order in orders}
    yield from _by_periods(column, sheet, days)
    proof = _by_rows(column, range(sheet.contiguous_rows), days, numbers, "from row to row")
    if proof is None and numbers:
        proof = _by_rows(column, _by_number(numbers, sheet.contiguous_rows), days, None, f"with the {numbers.name}")
    if proof:
        yield proof


def _days(column: Column, order: str) -> dict[str, date]:
    return {word: day for word in column.words if (day := parse_in_order(word, order))}


def _by_rows(
    column: Column, rows: Iterable[int], days: dict[str, dict[str, date]], numbers: Column | None, sequence: str
) -> OrderProof | None:
    """The order in which the days ascend, if they jump back in every other one."""
    cells = [column.cells[row] for row in rows]
    moves = {order: _moves([read[cell] for cell in cells if cell in read]) for order, read in days.items()}
    ranked = sorted(moves, key=lambda order: moves[order].jumps)
    best, other = ranked[0], ranked[1]
    if not ascends_only(moves[best], moves[other]):
        return None
    context = f"with the {numbers.name} " if numbers else ""
    evidence = (
        f"in this order, the days of {column.name} ascend {context}{sequence}; in the order {other}, they jump back in "
        f"{percentage(moves[other].jumps)} of their changes"
    )
    return OrderProof(best, evidence)


def _moves(days: Sequence[date]) -> Moves:
    steps = Counter((later > earlier) - (later < earlier) for earlier, later in pairwise(days))
    return Moves(steps[1], steps[-1])


def _by_number(numbers: Column, rows: int) -> list[int]:
    """The rows in the order of the last digits of their sale numbers; empty if a number has no digits."""
    ranked = []
    for row, cell in enumerate(numbers.cells[:rows]):
        letters = cell.rstrip("0123456789")
        if len(letters) == len(cell):
            return []
        ranked.append((letters, int(cell[len(letters) :]), row))
    return [row for _, _, row in sorted(ranked)]


def _by_periods(column: Column, sheet: Sheet, days: dict[str, dict[str, date]]) -> Iterator[OrderProof]:
    for name, other in sheet.columns.items():
        kind = period_of_header(name)
        if kind and name != column.name and (proof := _by_period(column, other, kind, days)):
            yield proof


def _by_period(column: Column, other: Column, kind: Period, days: dict[str, dict[str, date]]) -> OrderProof | None:
    agreeing: Counter[str] = Counter()
    rows = 0
    lines: list[int] = []
    for index, (cell, period) in enumerate(zip(column.cells[:_MAX_ROWS], other.cells[:_MAX_ROWS], strict=True)):
        value = period_value(kind, period)
        readings = {order: read[cell] for order, read in days.items() if cell in read}
        if value is None or len(set(readings.values())) < 2:
            continue
        rows += 1
        agrees = [order for order, day in readings.items() if _period(day, kind) == value]
        agreeing.update(agrees)
        lines += [column.lines[index]] if len(agrees) == 1 and len(lines) < 3 else []
    best, *others = sorted(days, key=lambda order: -agreeing[order])
    if not all(agrees_only(agreeing[best], agreeing[one], rows) for one in others):
        return None
    contradictions = ", ".join(f"{rows - agreeing[one]:,} in the order {one}" for one in others)
    evidence = (
        f"in this order, {column.name} agrees with {other.name} in {agreeing[best]:,} of {rows:,} rows that can be "
        f"read in several orders, and contradicts it in {contradictions}"
    )
    return OrderProof(best, evidence, tuple(line for line in lines if line))


def _period(day: date, kind: Period) -> int:
    return {"month": day.month, "quarter": (day.month + 2) // 3, "year": day.year}[kind]
