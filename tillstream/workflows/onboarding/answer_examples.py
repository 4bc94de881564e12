"""Show how the first values of a file would be interpreted under each answer to a question."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import islice

from tillstream.detection import FileSample
from tillstream.detection.columns.column_roles import NUMERIC_ROLES
from tillstream.detection.evidence import DetectionLog, DetectionQuestion
from tillstream.detection.values.date_profile import is_ambiguous_date, months_by_language, parse_date_in_order
from tillstream.detection.values.numbers import looks_like_number
from tillstream.model.date_words import fold_name
from tillstream.model.errors import Rejected
from tillstream.model.swapped_dates import swap_day_and_month
from tillstream.workflows.onboarding.questionnaire import Open, Questionnaire, sample

SHOWN = 3
OF_BYTES = frozenset({"encoding", "delimiter", "header", "sheet"})
"""Questions whose answers change how cells are split; the file is sampled again for each answer."""
_GROUPED = re.compile(r"[0-9][.,][0-9]{3}(?![0-9])")
_NAME = re.compile(r"[^\W\d_]{3,}\.?")
_SIGNED = re.compile(r"[.,]")


def examples(
    open_original: Open, questionnaire: Questionnaire, question: DetectionQuestion
) -> dict[str, tuple[str, ...]]:
    """Return answer → a few values of the file as they would be interpreted; empty if there is nothing to show."""
    if question.key in OF_BYTES:
        return {choice: _of_bytes(open_original, question, choice) for choice in question.choices}
    if question.key == "date_order":
        return {order: tuple(_dates(questionnaire, order, question.choices)) for order in question.choices}
    family = question.key.partition(".")[0]
    render = _RENDERERS.get(family)
    return {choice: tuple(render(questionnaire, choice)) for choice in question.choices} if render else {}


def rows_of(file_sample: FileSample, lines: tuple[int, ...], most: int = 2) -> list[tuple[int, list[tuple[str, str]]]]:
    """Return (line, [(header, cell)]) of the rows that a question refers to, if the sample contains them."""
    sheet, rows = file_sample.sheet, []
    first = next(iter(sheet.columns.values()), None)
    for line in lines[:most]:
        if first and line in first.lines:
            at = first.lines.index(line)
            rows.append((line, [(name, column.cells[at]) for name, column in sheet.columns.items()]))
    return rows


def _of_bytes(open_original: Open, question: DetectionQuestion, choice: str) -> tuple[str, ...]:
    try:
        file_sample = sample(open_original, DetectionLog({question.key: choice}))
    except (Rejected, ValueError):
        return ("nothing can be read this way",)
    if question.key == "encoding":
        return file_sample.non_ascii_words[:SHOWN]
    columns = list(islice(file_sample.sheet.columns.values(), 6))
    rows = min(2, file_sample.sheet.rows) if question.key == "sheet" else 0
    shown = [[column.name for column in columns], *([column.cells[at] for column in columns] for at in range(rows))]
    return tuple(" | ".join(cells) for cells in shown)


def _first_values(questionnaire: Questionnaire, role: str, fits: Callable[[str], object] = bool) -> list[str]:
    """Return the first distinct values of the column with this role."""
    columns = questionnaire.draft.get("columns")
    name = columns.get(role, "") if isinstance(columns, dict) else ""
    column = questionnaire.sample.sheet.columns.get(name)
    return list(islice((word for word in column.words if fits(word)), SHOWN)) if column else []


def _dates(questionnaire: Questionnaire, order: str, orders: tuple[str, ...]) -> list[str]:
    """Dates that differ between the orders; the first dates if none does."""
    lines = []
    ambiguous = _first_values(questionnaire, "date", lambda word: is_ambiguous_date(word, orders))
    for word in ambiguous or _first_values(questionnaire, "date"):
        day = parse_date_in_order(word, order)
        lines.append(f"{word} is {day.day} {day:%B %Y}" if day else f"{word} is not a date")
    return lines


def _numbers(questionnaire: Questionnaire, decimal: str) -> list[str]:
    lines: list[str] = []
    for role in sorted(NUMERIC_ROLES):
        for word in _first_values(questionnaire, role, _SIGNED.search):
            digits = word.replace("," if decimal == "." else ".", "").replace(decimal, ".")
            if looks_like_number(word):
                lines.append(f"{word} is {digits}")
    lines.sort(key=lambda line: not _GROUPED.search(line))
    return lines[:SHOWN]


def _amounts(questionnaire: Questionnaire, currency: str) -> list[str]:
    for role in ("net_amount", "gross_amount", "unit_price"):
        if words := _first_values(questionnaire, role):
            return [f"{word} {currency}" for word in words]
    return []


def _column(questionnaire: Questionnaire, header: str) -> list[str]:
    column = questionnaire.sample.sheet.columns.get(header)
    return list(islice(column.words, SHOWN)) if column else []


def _sale_ids(questionnaire: Questionnaire, names: str) -> list[str]:
    sheet = questionnaire.sample.sheet
    columns = [sheet.columns[name] for name in names.split(",") if name in sheet.columns]
    return [" · ".join(column.cells[at] for column in columns) for at in range(min(SHOWN, sheet.rows)) if columns]


def _months(questionnaire: Questionnaire, language: str) -> list[str]:
    """Dates with a month name that the language has, and the number of their month."""
    months = months_by_language()[language]
    lines = []
    for word in _first_values(questionnaire, "date"):
        number = next((months[fold_name(name)] for name in _NAME.findall(word) if fold_name(name) in months), None)
        lines.append(f"{word} is in {date(2000, number, 1):%B}" if number else f"{word} has no month of this language")
    return lines


def _half_converted(questionnaire: Questionnaire, answer: str) -> list[str]:
    """Date cells that a spreadsheet may have converted, as they are or with day and month swapped."""
    days = {
        word: day
        for word in _first_values(questionnaire, "date", lambda word: parse_date_in_order(word[:10], "YMD"))
        if (day := parse_date_in_order(word[:10], "YMD"))
    }
    read = {word: swap_day_and_month(day) if answer == "swap" else day for word, day in days.items()}
    return [f"{word} is {day.day} {day:%B %Y}" for word, day in read.items()]


def _minor_units(questionnaire: Questionnaire, answer: str) -> list[str]:
    """Amounts as they are, or a hundredth of them."""
    for role in ("net_amount", "gross_amount", "unit_price"):
        if words := _first_values(questionnaire, role, str.isdigit):
            return [f"{word} is {Decimal(word) / (100 if answer == 'yes' else 1):,.2f}" for word in words]
    return []


_RENDERERS: dict[str, Callable[[Questionnaire, str], list[str]]] = {
    "decimal": _numbers,
    "currency": _amounts,
    "column": _column,
    "identity": _sale_ids,
    "language": _months,
    "half_converted": _half_converted,
    "minor_units": _minor_units,
}
