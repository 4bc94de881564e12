"""Detect date formats, and the order of day, month and year."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values import date_sequence
from tillstream.detection.values.date_profile import (
    ORDERS,
    DateProfile,
    is_ambiguous,
    months_by_language,
    parse_in_order,
    possible_orders,
)
from tillstream.detection.values.date_words import split, weekdays_by_language
from tillstream.domain.dates.eras import Era
from tillstream.domain.dates.swapped_dates import Example, half_converted_words, is_half_converted, swapped
from tillstream.domain.month_names import LANGUAGES, folded, likely, names

_ENGLISH_DATE = re.compile(r"(?<![^\W_])date(?![^\W_])", re.IGNORECASE)
_DATE_IS_DATE = frozenset({"en", "fr"})
"""Languages in which the word for a date is “date”."""
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


@dataclass(frozen=True)
class DateStyle:
    formats: tuple[str, ...]
    language: str
    era: Era
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
    language = language_of(dates.months, log, dates.weekdays, column.name) if dates.months or dates.weekdays else ""
    if dates.halves and not language:
        language = next((one for one in LANGUAGES if dates.halves <= names(one).halves.keys()), "")
    era = _era(dates, column, log)
    return DateStyle(tuple(formats), language, era, dates.has_times and dates.other_than_midnight, dates.has_offsets)


def _era(dates: DateProfile, column: Column, log: DetectionLog) -> Era:
    """The only era of the years, with a finding."""
    if len(dates.eras) != 1 or not (era := next(iter(dates.eras))):
        return ""
    cell = next(word for word in column.words if split(word).era == era)
    evidence = f"“{cell}” in {column.name} has a year of the {era.title()} era"
    log.add_finding("era", era, evidence, CERTAIN, column.first_lines(cell))
    return era


def _format(shape: tuple[str, ...], order: str) -> str:
    separator, other, end, _, last, clock, prefix = shape
    year = "%Y" if shape[3] or last else "%y"
    letters = [year if letter == "y" else f"%{letter}" for letter in ORDERS[order]]
    return f"{prefix}{letters[0]}{separator}{letters[1]}{other}{letters[2]}{end}{clock}"


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
        possible = set(possible_orders(parts, four_digit_ends, split(cell).weekday))
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
    column: Column,
    sheet: Sheet,
    log: DetectionLog,
    numbers: Column | None,
    words: str,
) -> str:
    """Determine the order by other columns and by the order of the rows: files are often sorted by date."""
    proofs = list(date_sequence.proofs(column, sheet, remaining, numbers))
    if len({proof.order for proof in proofs}) == 1:
        log.add_finding("date_order", proofs[0].order, proofs[0].evidence, 0.95, proofs[0].lines)
        return proofs[0].order
    if proofs:
        evidence = "; but ".join(f"{proof.order}: {proof.evidence}" for proof in proofs)
        log.add_question("date_order", words, tuple(remaining), evidence, proofs[0].lines)
        return proofs[0].order
    cell = next((word for word in examples if is_ambiguous(word, remaining)), examples[0])
    if {"DMY", "MDY"} <= set(remaining):
        evidence = f"no day of the dates in {column.name} that look like “{cell}” is greater than 12"
    else:
        orders = " and ".join(remaining)
        evidence = f"all dates in {column.name} that look like “{cell}” can be read in the orders {orders}"
    log.add_question("date_order", words, tuple(remaining), evidence, column.first_lines(cell))
    return remaining[0]


def ask_half_converted(column: Column, dates: DateProfile, log: DetectionLog) -> str:
    """The contract's `half_converted`; empty if nothing shows half-converted dates. Asks `half_converted`."""
    converted = {word: day for word in column.words if _ISO.match(word) and (day := parse_in_order(word[:10], "YMD"))}
    texts = {
        word: day
        for shape, examples in dates.shapes.items()
        if not shape[3]
        for word in examples.values()
        for order in ("DMY", "MDY")
        if (day := parse_in_order(word, order))
    }
    if not is_half_converted(set(converted.values()), set(texts.values())):
        return ""
    answer = log.answer("half_converted")
    if answer in {"swap", "keep"}:
        return str(answer)
    example = next(((word, day) for word, day in converted.items() if swapped(day) != day), None)
    if example is None:
        return ""
    word, day = example
    lines = column.first_lines(word, next(iter(texts)))
    evidence = half_converted_words(
        column.name,
        sum(column.words[word] for word in converted),
        column.filled - sum(column.words[word] for word in converted),
        lines[-1:],
        Example(word, lines[0] if lines else 0, day, swapped(day)),
    )
    question = f"Did a spreadsheet swap day and month of the date cells in {column.name}?"
    log.add_question("half_converted", question, ("swap", "keep"), evidence, lines)
    return "hold"


def first_language(words: set[str]) -> str | None:
    """The first language that has all these month names, English before others; None if none has."""
    return next(
        (
            language
            for language, months in months_by_language().items()
            if all(folded(word) in months for word in words)
        ),
        None,
    )


def language_of(words: set[str], log: DetectionLog, weekdays: Collection[str] = (), header: str = "") -> str:
    """Language of the names of months and weekdays. Asks `language` if none or several match.

    header: the name of the column; names that are the same in several languages are English below an English header.
    """
    answer = log.answer("language")
    if answer in LANGUAGES:
        return str(answer)
    matches = {
        language: {word: months[folded(word)] for word in words}
        for language, months in months_by_language().items()
        if all(folded(word) in months for word in words)
        and all(folded(word) in weekdays_by_language()[language] for word in weekdays)
    }
    matches = {language: matches[language] for language in likely(matches)}
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
