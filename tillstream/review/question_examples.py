"""What is shown with a question about a file: its column, and the first values as each answer reads them."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from itertools import islice

from tillstream.detection import FileSample
from tillstream.detection.columns.column_roles import NUMERIC_ROLES
from tillstream.detection.evidence import CONFIRM_COLUMN, NO_COLUMN, DetectionFinding, DetectionLog, DetectionQuestion
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.date_profile import is_ambiguous_date, months_by_language, parse_date_in_order
from tillstream.detection.values.numbers import looks_like_number
from tillstream.detection.values.swapped_dates import swap_day_and_month
from tillstream.model.date_words import fold_name
from tillstream.model.errors import Rejected
from tillstream.review.questionnaire import FileOpener, Questionnaire, sample_file

_TOTAL_ROLES = ("net_amount", "gross_amount", "unit_price")
_ROLES_OF_KEY: dict[str, tuple[str, ...]] = {
    "date_order": ("date",),
    "dates": ("date",),
    "language": ("date",),
    "era": ("date",),
    "half_converted": ("date",),
    "status": ("status",),
    "returns": ("status", "quantity", *_TOTAL_ROLES),
    "amount": ("net_amount", "gross_amount"),
    "amounts": _TOTAL_ROLES,
    "prices": ("unit_price", *_TOTAL_ROLES),
    "decimal": (*_TOTAL_ROLES, "quantity"),
    "thousands": (*_TOTAL_ROLES, "quantity"),
    "minor_units": _TOTAL_ROLES,
    "multiple": _TOTAL_ROLES,
    "quantity_decimals": ("quantity",),
    "missing_quantity": ("quantity",),
    "discount": ("discount", "discount_rate"),
    "discount_confirmed": ("discount", "discount_rate"),
    "negative": _TOTAL_ROLES,
    "tax": ("tax",),
    "tax_rate": ("tax",),
}
"""Key → columns of a sale line; it concerns the first of them that is mapped."""
_KEYS_OF_HEADER = frozenset({"subtract", "once", "repeats"})
_KEYS_OF_WORD = frozenset({"missing", "rows", "ignore"})
_KEYS_OF_ROLE_WORD = frozenset({"status", "currency"})

MAX_EXAMPLES = 3
BYTE_QUESTIONS = frozenset({"encoding", "delimiter", "header", "sheet"})
"""Questions whose answers change how cells are split; the file is sampled again for each answer."""
_GROUPED = re.compile(r"[0-9][.,][0-9]{3}(?![0-9])")
_MONTH_WORD = re.compile(r"[^\W\d_]{3,}\.?")
_SEPARATOR = re.compile(r"[.,]")


def column_of_question(question: DetectionQuestion, columns: Mapping[str, str], sheet: Sheet) -> str:
    """Return the header that a question concerns, or an empty string if it concerns the whole file.

    columns: column of a sale line → header, as mapped so far.
    """
    named = [choice for choice in question.choices if choice != NO_COLUMN]
    if question.key.startswith("column.") and (question.kind == CONFIRM_COLUMN or len(named) == 1):
        return named[0] if named[0] in sheet.columns else ""
    return _column_of_key(question.key, columns, sheet)


def column_of_finding(finding: DetectionFinding, columns: Mapping[str, str], sheet: Sheet) -> str:
    """As `column_of_question`, for a finding."""
    if finding.about.startswith("column."):
        return finding.value if finding.value in sheet.columns else ""
    return _column_of_key(finding.about, columns, sheet)


def _column_of_key(key: str, columns: Mapping[str, str], sheet: Sheet) -> str:
    family, point, suffix = key.partition(".")
    if point and family in _KEYS_OF_HEADER:
        return suffix if suffix in sheet.columns else ""
    if point and family in _KEYS_OF_WORD:
        return next((name for name, column in sheet.columns.items() if suffix in column.words), "")
    if point and family in _KEYS_OF_ROLE_WORD:
        return _first_mapped((family,), columns, sheet)
    return _first_mapped(_ROLES_OF_KEY.get(key, ()), columns, sheet)


def _first_mapped(roles: tuple[str, ...], columns: Mapping[str, str], sheet: Sheet) -> str:
    return next((columns[role] for role in roles if columns.get(role) in sheet.columns), "")


def answer_examples(
    open_original: FileOpener, questionnaire: Questionnaire, question: DetectionQuestion
) -> dict[str, tuple[str, ...]]:
    """Return answer → a few values of the file as they would be interpreted; empty if there is nothing to show."""
    if question.key in BYTE_QUESTIONS:
        return {choice: _examples_of_bytes(open_original, question, choice) for choice in question.choices}
    if question.key == "date_order":
        return {order: tuple(_date_examples(questionnaire, order, question.choices)) for order in question.choices}
    family = question.key.partition(".")[0]
    render = _RENDERERS.get(family)
    return {choice: tuple(render(questionnaire, choice)) for choice in question.choices} if render else {}


def rows_of_question(
    file_sample: FileSample, lines: tuple[int, ...], most: int = 2
) -> list[tuple[int, list[tuple[str, str]]]]:
    """Return (line, [(header, cell)]) of the rows that a question refers to, if the sample contains them."""
    sheet, rows = file_sample.sheet, []
    first = next(iter(sheet.columns.values()), None)
    for line in lines[:most]:
        if first and line in first.lines:
            at = first.lines.index(line)
            rows.append((line, [(name, column.cells[at]) for name, column in sheet.columns.items()]))
    return rows


def _examples_of_bytes(open_original: FileOpener, question: DetectionQuestion, choice: str) -> tuple[str, ...]:
    try:
        file_sample = sample_file(open_original, DetectionLog({question.key: choice}))
    except (Rejected, ValueError):
        return ("nothing can be read this way",)
    if question.key == "encoding":
        return file_sample.non_ascii_words[:MAX_EXAMPLES]
    columns = list(islice(file_sample.sheet.columns.values(), 6))
    rows = min(2, file_sample.sheet.rows) if question.key == "sheet" else 0
    shown = [[column.name for column in columns], *([column.cells[at] for column in columns] for at in range(rows))]
    return tuple(" | ".join(cells) for cells in shown)


def _first_values(questionnaire: Questionnaire, role: str, fits: Callable[[str], object] = bool) -> list[str]:
    """Return the first distinct values of the column with this role."""
    columns = questionnaire.draft.get("columns")
    name = columns.get(role, "") if isinstance(columns, dict) else ""
    column = questionnaire.sample.sheet.columns.get(name)
    return list(islice((word for word in column.words if fits(word)), MAX_EXAMPLES)) if column else []


def _date_examples(questionnaire: Questionnaire, order: str, orders: tuple[str, ...]) -> list[str]:
    """Dates that differ between the orders; the first dates if none does."""
    lines = []
    ambiguous = _first_values(questionnaire, "date", lambda word: is_ambiguous_date(word, orders))
    for word in ambiguous or _first_values(questionnaire, "date"):
        day = parse_date_in_order(word, order)
        lines.append(f"{word} is {day.day} {day:%B %Y}" if day else f"{word} is not a date")
    return lines


def _number_examples(questionnaire: Questionnaire, decimal: str) -> list[str]:
    lines: list[str] = []
    for role in sorted(NUMERIC_ROLES):
        for word in _first_values(questionnaire, role, _SEPARATOR.search):
            digits = word.replace("," if decimal == "." else ".", "").replace(decimal, ".")
            if looks_like_number(word):
                lines.append(f"{word} is {digits}")
    lines.sort(key=lambda line: not _GROUPED.search(line))
    return lines[:MAX_EXAMPLES]


def _amount_examples(questionnaire: Questionnaire, currency: str) -> list[str]:
    for role in ("net_amount", "gross_amount", "unit_price"):
        if words := _first_values(questionnaire, role):
            return [f"{word} {currency}" for word in words]
    return []


def _column_examples(questionnaire: Questionnaire, header: str) -> list[str]:
    column = questionnaire.sample.sheet.columns.get(header)
    return list(islice(column.words, MAX_EXAMPLES)) if column else []


def _sale_id_examples(questionnaire: Questionnaire, names: str) -> list[str]:
    sheet = questionnaire.sample.sheet
    columns = [sheet.columns[name] for name in names.split(",") if name in sheet.columns]
    return [
        " · ".join(column.cells[at] for column in columns) for at in range(min(MAX_EXAMPLES, sheet.rows)) if columns
    ]


def _month_examples(questionnaire: Questionnaire, language: str) -> list[str]:
    """Dates with a month name that the language has, and the number of their month."""
    months = months_by_language()[language]
    lines = []
    for word in _first_values(questionnaire, "date"):
        number = next(
            (months[fold_name(name)] for name in _MONTH_WORD.findall(word) if fold_name(name) in months), None
        )
        lines.append(f"{word} is in {date(2000, number, 1):%B}" if number else f"{word} has no month of this language")
    return lines


def _half_converted_examples(questionnaire: Questionnaire, answer: str) -> list[str]:
    """Date cells that a spreadsheet may have converted, as they are or with day and month swapped."""
    days = {
        word: day
        for word in _first_values(questionnaire, "date", lambda word: parse_date_in_order(word[:10], "YMD"))
        if (day := parse_date_in_order(word[:10], "YMD"))
    }
    read = {word: swap_day_and_month(day) if answer == "swap" else day for word, day in days.items()}
    return [f"{word} is {day.day} {day:%B %Y}" for word, day in read.items()]


def _minor_unit_examples(questionnaire: Questionnaire, answer: str) -> list[str]:
    """Amounts as they are, or a hundredth of them."""
    for role in ("net_amount", "gross_amount", "unit_price"):
        if words := _first_values(questionnaire, role, str.isdigit):
            return [f"{word} is {Decimal(word) / (100 if answer == 'yes' else 1):,.2f}" for word in words]
    return []


_RENDERERS: dict[str, Callable[[Questionnaire, str], list[str]]] = {
    "decimal": _number_examples,
    "currency": _amount_examples,
    "column": _column_examples,
    "identity": _sale_id_examples,
    "language": _month_examples,
    "half_converted": _half_converted_examples,
    "minor_units": _minor_unit_examples,
}
