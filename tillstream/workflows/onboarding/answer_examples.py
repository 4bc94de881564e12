"""How a file's own first values would read under each answer to a question about it."""

import re
from collections.abc import Callable
from itertools import islice

from tillstream.detection import Looked
from tillstream.detection.columns.roles import NUMERIC
from tillstream.detection.evidence import Question, Told
from tillstream.detection.values.dates import read_as
from tillstream.detection.values.numbers import looks_written
from tillstream.domain.errors import Rejected
from tillstream.workflows.onboarding.questionnaire import Asked, Open, sample

SHOWN = 3
OF_BYTES = frozenset({"encoding", "delimiter", "header"})
"""Answers to these change what the cells are; for each the file is looked at anew."""
_GROUPED = re.compile(r"[0-9][.,][0-9]{3}(?![0-9])")
_SIGNED = re.compile(r"[.,]")


def examples(open_original: Open, asked: Asked, question: Question) -> dict[str, tuple[str, ...]]:
    """Answer → a few of the file's values, as they would be understood; empty where that says nothing."""
    if question.key in OF_BYTES:
        return {choice: _of_bytes(open_original, question, choice) for choice in question.choices}
    family = question.key.partition(".")[0]
    shown = _SHOWN.get(family)
    return {choice: tuple(shown(asked, choice)) for choice in question.choices} if shown else {}


def rows_of(looked: Looked, lines: tuple[int, ...], most: int = 2) -> list[tuple[int, list[tuple[str, str]]]]:
    """(line, its cells by header) of the rows that a question is about, where the sample has them."""
    sheet, found = looked.sheet, []
    first = next(iter(sheet.columns.values()), None)
    for line in lines[:most]:
        if first and line in first.lines:
            at = first.lines.index(line)
            found.append((line, [(name, column.cells[at]) for name, column in sheet.columns.items()]))
    return found


def _of_bytes(open_original: Open, question: Question, choice: str) -> tuple[str, ...]:
    try:
        looked = sample(open_original, Told({question.key: choice}))
    except (Rejected, ValueError):
        return ("nothing can be read so",)
    if question.key == "encoding":
        return looked.foreign[:SHOWN]
    return (" | ".join(islice(looked.sheet.columns, 6)),)


def _first(asked: Asked, role: str, fits: Callable[[str], object] = bool) -> list[str]:
    """The first different cells of the column that plays a role."""
    columns = asked.draft.get("columns")
    name = columns.get(role, "") if isinstance(columns, dict) else ""
    column = asked.looked.sheet.columns.get(name)
    return list(islice((word for word in column.words if fits(word)), SHOWN)) if column else []


def _dates(asked: Asked, order: str) -> list[str]:
    found = []
    for word in _first(asked, "date", _may_be_two) or _first(asked, "date"):
        day = read_as(word, order)
        found.append(f"{word} is {day.day} {day:%B %Y}" if day else f"{word} is no date")
    return found


def _may_be_two(word: str) -> bool:
    return len({read_as(word, order) for order in ("DMY", "MDY", "YMD")}) > 1


def _numbers(asked: Asked, decimal: str) -> list[str]:
    found: list[str] = []
    for role in sorted(NUMERIC):
        for word in _first(asked, role, _SIGNED.search):
            digits = word.replace("," if decimal == "." else ".", "").replace(decimal, ".")
            if looks_written(word):
                found.append(f"{word} is {digits}")
    found.sort(key=lambda shown: not _GROUPED.search(shown))
    return found[:SHOWN]


def _amounts(asked: Asked, currency: str) -> list[str]:
    for role in ("net_amount", "gross_amount", "unit_price"):
        if words := _first(asked, role):
            return [f"{word} {currency}" for word in words]
    return []


def _column(asked: Asked, header: str) -> list[str]:
    column = asked.looked.sheet.columns.get(header)
    return list(islice(column.words, SHOWN)) if column else []


def _naming(asked: Asked, names: str) -> list[str]:
    sheet = asked.looked.sheet
    columns = [sheet.columns[name] for name in names.split(",") if name in sheet.columns]
    return [" · ".join(column.cells[at] for column in columns) for at in range(min(SHOWN, sheet.rows)) if columns]


_SHOWN: dict[str, Callable[[Asked, str], list[str]]] = {
    "date_order": _dates,
    "decimal": _numbers,
    "currency": _amounts,
    "column": _column,
    "identity": _naming,
}
