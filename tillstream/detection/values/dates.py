"""Detect date formats, and the order of day, month and year.

That is the rule for the dates of a new file; `pipeline.normalising.parse_dates` has the rule for those of a source with
a contract.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog, percentage
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.date_profile import (
    DATE_ORDERS,
    DateProfile,
    is_ambiguous_date,
    months_by_language,
    parse_date_in_order,
    possible_date_orders,
    split_date_words,
    weekdays_by_language,
)
from tillstream.detection.values.swapped_dates import (
    DateMoves,
    SwappedExample,
    half_converted_words,
    is_half_converted,
    only_first_agrees,
    only_first_ascends,
    swap_day_and_month,
)
from tillstream.model.date_words import (
    LANGUAGES,
    Era,
    Period,
    calendar_names,
    fold_name,
    likely_languages,
    period_of_header,
    period_value,
)

_MAX_COMPARED_ROWS = 5_000

_ENGLISH_DATE = re.compile(r"(?<![^\W_])date(?![^\W_])", re.IGNORECASE)
_DATE_IS_DATE = frozenset({"en", "fr"})
"""Languages in which the word for a date is “date”."""
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


@dataclass(frozen=True)
class DateOrderProof:
    order: str
    evidence: str
    lines: tuple[int, ...] = ()


def date_order_proofs(
    column: SampleColumn, sheet: Sheet, orders: Sequence[str], numbers: SampleColumn | None
) -> Iterator[DateOrderProof]:
    """Yield each proof of one of the orders. numbers: the sale id column, if any."""
    days = {order: _days_in_order(column, order) for order in orders}
    yield from _by_periods(column, sheet, days)
    proof = _by_rows(column, range(sheet.contiguous_rows), days, numbers, "from row to row")
    if proof is None and numbers:
        proof = _by_rows(column, _by_number(numbers, sheet.contiguous_rows), days, None, f"with the {numbers.name}")
    if proof:
        yield proof


def _days_in_order(column: SampleColumn, order: str) -> dict[str, date]:
    return {word: day for word in column.words if (day := parse_date_in_order(word, order))}


def _by_rows(
    column: SampleColumn,
    rows: Iterable[int],
    days: dict[str, dict[str, date]],
    numbers: SampleColumn | None,
    sequence: str,
) -> DateOrderProof | None:
    """The order in which the days ascend, if they jump back in every other one."""
    cells = [column.cells[row] for row in rows]
    moves = {order: _moves_forward([read[cell] for cell in cells if cell in read]) for order, read in days.items()}
    ranked = sorted(moves, key=lambda order: moves[order].jumps)
    best, other = ranked[0], ranked[1]
    if not only_first_ascends(moves[best], moves[other]):
        return None
    context = f"with the {numbers.name} " if numbers else ""
    evidence = (
        f"in this order, the days of {column.name} ascend {context}{sequence}; in the order {other}, they jump back in "
        f"{percentage(moves[other].jumps)} of their changes"
    )
    return DateOrderProof(best, evidence)


def _moves_forward(days: Sequence[date]) -> DateMoves:
    steps = Counter((later > earlier) - (later < earlier) for earlier, later in pairwise(days))
    return DateMoves(steps[1], steps[-1])


def _by_number(numbers: SampleColumn, rows: int) -> list[int]:
    """The rows in the order of the last digits of their sale numbers; empty if a number has no digits."""
    ranked = []
    for row, cell in enumerate(numbers.cells[:rows]):
        letters = cell.rstrip("0123456789")
        if len(letters) == len(cell):
            return []
        ranked.append((letters, int(cell[len(letters) :]), row))
    return [row for _, _, row in sorted(ranked)]


def _by_periods(column: SampleColumn, sheet: Sheet, days: dict[str, dict[str, date]]) -> Iterator[DateOrderProof]:
    for name, other in sheet.columns.items():
        kind = period_of_header(name)
        if kind and name != column.name and (proof := _by_period(column, other, kind, days)):
            yield proof


def _by_period(
    column: SampleColumn, other: SampleColumn, kind: Period, days: dict[str, dict[str, date]]
) -> DateOrderProof | None:
    agreeing: Counter[str] = Counter()
    rows = 0
    lines: list[int] = []
    for index, (cell, period) in enumerate(
        zip(column.cells[:_MAX_COMPARED_ROWS], other.cells[:_MAX_COMPARED_ROWS], strict=True)
    ):
        value = period_value(kind, period)
        readings = {order: read[cell] for order, read in days.items() if cell in read}
        if value is None or len(set(readings.values())) < 2:
            continue
        rows += 1
        agrees = [order for order, day in readings.items() if _period(day, kind) == value]
        agreeing.update(agrees)
        lines += [column.lines[index]] if len(agrees) == 1 and len(lines) < 3 else []
    best, *others = sorted(days, key=lambda order: -agreeing[order])
    if not all(only_first_agrees(agreeing[best], agreeing[one], rows) for one in others):
        return None
    contradictions = ", ".join(f"{rows - agreeing[one]:,} in the order {one}" for one in others)
    evidence = (
        f"in this order, {column.name} agrees with {other.name} in {agreeing[best]:,} of {rows:,} rows that can be "
        f"read in several orders, and contradicts it in {contradictions}"
    )
    return DateOrderProof(best, evidence, tuple(line for line in lines if line))


def _period(day: date, kind: Period) -> int:
    return {"month": day.month, "quarter": (day.month + 2) // 3, "year": day.year}[kind]


@dataclass(frozen=True)
class DetectedDateStyle:
    formats: tuple[str, ...]
    language: str
    era: Era
    has_times: bool
    """Whether any time differs from midnight."""
    has_offsets: bool


def detect_date_style(
    column: SampleColumn, dates: DateProfile, sheet: Sheet, log: DetectionLog, numbers: SampleColumn | None
) -> DetectedDateStyle:
    """Detect the date style. Asks `date_order` if no row proves it. numbers: the sale id column, if any."""
    formats = dict(dates.named)
    for format_, cell in dates.named.items():
        log.add_finding("dates", format_, f"“{cell}” in {column.name}", LIKELY, column.first_lines(cell))
    for shape, examples in dates.shapes.items():
        order = _order(shape, examples, column, sheet, log, numbers)
        format_ = _format(shape, order)
        formats.setdefault(format_, next(iter(examples.values())))
    language = (
        detect_date_language(dates.months, log, dates.weekdays, column.name) if dates.months or dates.weekdays else ""
    )
    if dates.halves and not language:
        language = next((one for one in LANGUAGES if dates.halves <= calendar_names(one).halves.keys()), "")
    era = _era(dates, column, log)
    return DetectedDateStyle(
        tuple(formats), language, era, dates.has_times and dates.other_than_midnight, dates.has_offsets
    )


def _era(dates: DateProfile, column: SampleColumn, log: DetectionLog) -> Era:
    """The only era of the years, with a finding."""
    if len(dates.eras) != 1 or not (era := next(iter(dates.eras))):
        return ""
    cell = next(word for word in column.words if split_date_words(word).era == era)
    evidence = f"“{cell}” in {column.name} has a year of the {era.title()} era"
    log.add_finding("era", era, evidence, CERTAIN, column.first_lines(cell))
    return era


def _format(shape: tuple[str, ...], order: str) -> str:
    separator, other, end, _, last, clock, prefix = shape
    year = "%Y" if shape[3] or last else "%y"
    letters = [year if letter == "y" else f"%{letter}" for letter in DATE_ORDERS[order]]
    return f"{prefix}{letters[0]}{separator}{letters[1]}{other}{letters[2]}{end}{clock}"


def _order(
    shape: tuple[str, ...],
    examples: dict[tuple[int, int, int], str],
    column: SampleColumn,
    sheet: Sheet,
    log: DetectionLog,
    numbers: SampleColumn | None,
) -> str:
    four_digit_ends = (bool(shape[3]), bool(shape[4]))
    if four_digit_ends[0]:
        cell = next(iter(examples.values()))
        log.add_finding(
            "date_order", "YMD", f"“{cell}” in {column.name} begins with the year", CERTAIN, column.first_lines(cell)
        )
        return "YMD"
    answer = (log.answer("date_order") or "").upper()
    if answer in DATE_ORDERS:
        return answer
    candidates = {"DMY", "MDY"} | (set() if four_digit_ends[1] else {"YMD"})
    exclusions: dict[str, str] = {}
    for parts, cell in examples.items():
        possible = set(possible_date_orders(parts, four_digit_ends, split_date_words(cell).weekday))
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
    return _order_by_proofs(remaining, tuple(examples.values()), column, sheet, log, numbers, words)


def _order_by_proofs(
    remaining: list[str],
    examples: Sequence[str],
    column: SampleColumn,
    sheet: Sheet,
    log: DetectionLog,
    numbers: SampleColumn | None,
    words: str,
) -> str:
    """Determine the order by other columns and by the order of the rows: files are often sorted by date."""
    proofs = list(date_order_proofs(column, sheet, remaining, numbers))
    if len({proof.order for proof in proofs}) == 1:
        log.add_finding("date_order", proofs[0].order, proofs[0].evidence, 0.95, proofs[0].lines)
        return proofs[0].order
    if proofs:
        evidence = "; but ".join(f"{proof.order}: {proof.evidence}" for proof in proofs)
        log.add_question("date_order", words, tuple(remaining), evidence, proofs[0].lines)
        return proofs[0].order
    cell = next((word for word in examples if is_ambiguous_date(word, remaining)), examples[0])
    if {"DMY", "MDY"} <= set(remaining):
        evidence = f"no day of the dates in {column.name} that look like “{cell}” is greater than 12"
    else:
        orders = " and ".join(remaining)
        evidence = f"all dates in {column.name} that look like “{cell}” can be read in the orders {orders}"
    log.add_question("date_order", words, tuple(remaining), evidence, column.first_lines(cell))
    return remaining[0]


def ask_half_converted(column: SampleColumn, dates: DateProfile, log: DetectionLog) -> str:
    """The contract's `half_converted`; empty if nothing shows half-converted dates. Asks `half_converted`."""
    converted = {
        word: day for word in column.words if _ISO.match(word) and (day := parse_date_in_order(word[:10], "YMD"))
    }
    texts = {
        word: day
        for shape, examples in dates.shapes.items()
        if not shape[3]
        for word in examples.values()
        for order in ("DMY", "MDY")
        if (day := parse_date_in_order(word, order))
    }
    if not is_half_converted(set(converted.values()), set(texts.values())):
        return ""
    answer = log.answer("half_converted")
    if answer in {"swap", "keep"}:
        return str(answer)
    example = next(((word, day) for word, day in converted.items() if swap_day_and_month(day) != day), None)
    if example is None:
        return ""
    word, day = example
    lines = column.first_lines(word, next(iter(texts)))
    evidence = half_converted_words(
        column.name,
        sum(column.words[word] for word in converted),
        column.filled - sum(column.words[word] for word in converted),
        lines[-1:],
        SwappedExample(word, lines[0] if lines else 0, day, swap_day_and_month(day)),
    )
    question = f"Did a spreadsheet swap day and month of the date cells in {column.name}?"
    log.add_question("half_converted", question, ("swap", "keep"), evidence, lines)
    return "hold"


def first_language_of_months(words: set[str]) -> str | None:
    """The first language that has all these month names, English before others; None if none has."""
    return next(
        (
            language
            for language, months in months_by_language().items()
            if all(fold_name(word) in months for word in words)
        ),
        None,
    )


def detect_date_language(words: set[str], log: DetectionLog, weekdays: Collection[str] = (), header: str = "") -> str:
    """Language of the names of months and weekdays. Asks `language` if none or several match.

    header: the name of the column; names that are the same in several languages are English below an English header.
    """
    answer = log.answer("language")
    if answer in LANGUAGES:
        return str(answer)
    matches = {
        language: {word: months[fold_name(word)] for word in words}
        for language, months in months_by_language().items()
        if all(fold_name(word) in months for word in words)
        and all(fold_name(word) in weekdays_by_language()[language] for word in weekdays)
    }
    matches = {language: matches[language] for language in likely_languages(matches)}
    kinds = " and ".join(kind for kind, some in (("month", words), ("weekday", weekdays)) if some)
    listed = ", ".join([*sorted(words)[:4], *sorted(weekdays)[:4]])
    question = f"In which language are the {kinds} names?"
    if not matches:
        log.add_question("language", question, LANGUAGES, listed)
        return "en"
    best = next(iter(matches))
    if len(matches) > 1 and matches.keys() & _DATE_IS_DATE == {"en"} and _ENGLISH_DATE.search(header):
        log.add_finding("language", "en", f"the {kinds} names are {listed}, and “{header}” is English", LIKELY)
        return "en"
    if len(matches) > 1:
        log.add_question("language", question, tuple(matches), listed, default=best)
    else:
        log.add_finding("language", best, f"the {kinds} names are {listed}", CERTAIN)
    return best
