"""Detect date formats, and the order of day, month and year."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.date_profile import (
    ORDERS,
    DateProfile,
    is_ambiguous,
    months_by_language,
    parse_in_order,
    possible_orders,
)
from tillstream.domain.month_names import LANGUAGES, folded

_FEW_JUMPS, _MANY_JUMPS, _MOVES = 0.01, 0.1, 8


@dataclass(frozen=True)
class DateStyle:
    formats: tuple[str, ...]
    language: str
    has_times: bool
    """Whether any time differs from midnight."""
    has_offsets: bool


def decide(column: Column, dates: DateProfile, sheet: Sheet, log: DetectionLog, numbers: Column | None) -> DateStyle:
    """Detect the date style. Asks `date_order` if no row proves it. numbers: the sale id column, if any."""
    formats = dict(dates.named)
    for format_, cell in dates.named.items():
        log.add_finding("dates", format_, f"“{cell}” in {column.name}", LIKELY, column.first_lines(cell))
    for shape, examples in dates.shapes.items():
        order = _order(shape, examples, column, sheet, log, numbers)
        format_ = _format(shape, order)
        formats.setdefault(format_, next(iter(examples.values())))
    language = language_of(dates.months, log) if dates.months else ""
    return DateStyle(tuple(formats), language, dates.has_times and dates.other_than_midnight, dates.has_offsets)


def _format(shape: tuple[str, ...], order: str) -> str:
    separator, other, end, _, last, clock = shape
    year = "%Y" if shape[3] or last else "%y"
    letters = [year if letter == "y" else f"%{letter}" for letter in ORDERS[order]]
    return f"{letters[0]}{separator}{letters[1]}{other}{letters[2]}{end}{clock}"


def _order(
    shape: tuple[str, ...],
    examples: dict[tuple[int, int, int], str],
    column: Column,
    sheet: Sheet,
    log: DetectionLog,
    numbers: Column | None,
) -> str:
    four_digit_ends = (bool(shape[3]), bool(shape[4]))
    if four_digit_ends[0]:
        cell = next(iter(examples.values()))
        log.add_finding(
            "date_order", "YMD", f"“{cell}” in {column.name} begins with the year", CERTAIN, column.first_lines(cell)
        )
        return "YMD"
    answer = (log.answer("date_order") or "").upper()
    if answer in ORDERS:
        return answer
    candidates = {"DMY", "MDY"} | (set() if four_digit_ends[1] else {"YMD"})
    exclusions: dict[str, str] = {}
    for parts, cell in examples.items():
        possible = set(possible_orders(parts, four_digit_ends))
        for excluded in candidates - possible:
            exclusions.setdefault(excluded, cell)
    remaining = sorted(candidates - set(exclusions))
    words = "In which order are day, month and year?"
    if len(remaining) == 1:
        cells = sorted(set(exclusions.values()))[:2]
        evidence = f"{' and '.join(f'“{cell}”' for cell in cells)} in {column.name} can have no other order"
        log.add_finding("date_order", remaining[0], evidence, CERTAIN, column.first_lines(*cells))
        return remaining[0]
    if not remaining:
        cells = sorted(set(exclusions.values()))[:3]
        evidence = f"{', '.join(f'“{cell}”' for cell in cells)} in {column.name} contradict each other"
        log.add_question("date_order", words, ("DMY", "MDY", "YMD"), evidence, column.first_lines(*cells))
        return "DMY"
    return _order_by_sequence(remaining, column, sheet, log, numbers, words)


def _order_by_sequence(
    remaining: list[str],
    column: Column,
    sheet: Sheet,
    log: DetectionLog,
    numbers: Column | None,
    words: str,
) -> str:
    """Determine the order by row sequence: files are often sorted by date, so the right order has few jumps."""
    jumps = {order: _jumps(_in_order(column, sheet, order)) for order in remaining}
    ranked = sorted(remaining, key=lambda order: jumps[order][0])
    best, other = jumps[ranked[0]], jumps[ranked[1]]
    context = f"with the {numbers.name} " if numbers else ""
    if best[1] >= _MOVES and best[0] <= _FEW_JUMPS and other[0] >= _MANY_JUMPS:
        evidence = (
            f"in this order, the days of {column.name} ascend {context}from row to row; in the order {ranked[1]}, "
            "they jump back"
        )
        log.add_finding("date_order", ranked[0], f"{evidence} in {other[0]:.0%} of their changes", 0.95)
        return ranked[0]
    cell = next((word for word in column.words if is_ambiguous(word, remaining)), next(iter(column.words)))
    evidence = f"no day in {column.name} is greater than 12, as in “{cell}”"
    log.add_question("date_order", words, tuple(remaining), evidence, column.first_lines(cell))
    return ranked[0]


def _in_order(column: Column, sheet: Sheet, order: str) -> list[date]:
    days = {word: day for word in column.words if (day := parse_in_order(word, order))}
    return [days[cell] for cell in column.cells[: sheet.contiguous_rows] if cell in days]


def _jumps(days: Sequence[date]) -> tuple[float, int]:
    """Share of changes against the prevailing direction, and the number of changes."""
    moves = Counter((b > a) - (b < a) for a, b in pairwise(days))
    changes = moves[1] + moves[-1]
    return (min(moves[1], moves[-1]) / changes if changes else 1.0), changes


def language_of(words: set[str], log: DetectionLog) -> str:
    """Language of the month names. Asks `language` if none or several match."""
    answer = log.answer("language")
    if answer in LANGUAGES:
        return str(answer)
    matches = {
        language: {word: months[folded(word)] for word in words}
        for language, months in months_by_language().items()
        if all(folded(word) in months for word in words)
    }
    listed = ", ".join(sorted(words)[:4])
    if not matches:
        log.add_question("language", "In which language are the month names?", LANGUAGES, listed)
        return "en"
    best = next(iter(matches))
    if len(matches) > 1:
        log.add_question("language", "In which language are the month names?", tuple(matches), listed)
    else:
        log.add_finding("language", best, f"the month names are {listed}", CERTAIN)
    return best
