"""Rows that another column than a status marks as no sales: documents such as CN-1001, products such as STORNO Latte,
and rows that name the number of another sale.

Only rows whose amounts have no minus sign are asked about: those with one take back a sale as they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tillstream.detection.arithmetic.money import to_float
from tillstream.detection.columns.word_uses import amounts_by_word
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.rows.marks import Marks, search
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.flag_words import flag_meaning
from tillstream.detection.words.status_words import status_of
from tillstream.domain.columns import IGNORE

_STATUSES = {"subtract": "returned", "ignore": IGNORE, "keep": "completed"}
"""Answer → status of the rows."""


@dataclass(frozen=True)
class MarkedRows:
    """Derived columns whose words are those of rows that do not count as sales; empty if no rows do."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The contract's `made`."""
    parts: tuple[str, ...] = ()
    """The columns of the file that they are derived from."""


def decide(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, log: DetectionLog, identity: Collection[str]
) -> tuple[Sheet, MarkedRows]:
    """Add derived columns of the marks to the sheet; the first is the status if no column is. Asks `rows.WORD`.

    identity: columns that identify sales.
    """
    made: dict[str, dict[str, Any]] = {}
    parts: list[str] = []
    for marks in search(sheet, dict(roles), identity):
        marked = replace(sheet, columns={**sheet.columns, marks.column.name: marks.column})
        amounts = amounts_by_word(marked, roles, marks.column.name, style) if marks.rows else {}
        answers = {
            word: _ask(sheet, roles, marks, word, amounts.get(word, "0"), style, log) or "keep" for word in marks.rows
        }
        if not set(answers.values()) - {"keep"}:
            continue
        name = marks.column.name
        made[name] = marks.rule
        sheet = replace(sheet, names=(*sheet.names, name), columns={**sheet.columns, name: marks.column})
        parts.append(marks.source)
        statuses = _STATUSES | ({"ignore": "cancelled"} if "filled" in marks.rule else {})
        meanings = {f"status.{word}": statuses[answers.get(word, "keep")] for word in marks.column.words}
        log.assume(meanings, "it follows from the answer to what these rows are")
        if "subtract" in answers.values():
            log.assume({"returns": "subtract"}, "these rows take back sales and have no minus sign")
        if "status" not in roles:
            roles["status"] = name
            log.add_finding("column.status", name, "its words are those of rows that may be no sales", LIKELY)
            log.assume({"status.default": "completed"} if marks.column.filled < sheet.rows else {}, "no mark: a sale")
    return sheet, MarkedRows(made, tuple(parts))


def _ask(
    sheet: Sheet, roles: dict[str, str], marks: Marks, word: str, amount: str, style: NumberStyle, log: DetectionLog
) -> str | None:
    """The answer to what the rows of a word are; None if it is open, or if amounts or the status show it."""
    column = marks.column
    if Decimal(amount) <= 0 or _is_negative(sheet, roles, column, word, style):
        return None
    if _is_decided(sheet, roles, column, word):
        return None
    key, rows = f"rows.{word}", column.words[word]
    answer = log.answer(key)
    if answer is None:
        words = (
            f"Do the rows {marks.rows[word]} take back sales, do they not count at all, or are they sales "
            "like the others?"
        )
        evidence = f"{rows:,} {'row' if rows == 1 else 'rows'}, together {amount} without a minus sign"
        log.add_question(key, words, tuple(_STATUSES), evidence, column.first_lines(word))
    return answer


def _is_decided(sheet: Sheet, roles: Mapping[str, str], column: Column, word: str) -> bool:
    """Whether the status of the rows of a word shows that they do not count, or its meaning will be asked."""
    if "status" not in roles:
        return False
    name = roles["status"]
    pairs = list(zip(sheet.columns[name].cells, column.cells, strict=True))
    others = {status for status, mark in pairs if mark != word}
    for status in {status for status, mark in pairs if mark == word}:
        meaning = status_of(status) or flag_meaning(name, status)
        if meaning == "completed" or (not meaning and status in others):
            return False
    return True


def _is_negative(sheet: Sheet, roles: Mapping[str, str], column: Column, word: str, style: NumberStyle) -> bool:
    """Whether a row of the word has a negative quantity or total."""
    for role in ("quantity", "net_amount", "gross_amount"):
        if role in roles:
            cells = zip(sheet.columns[roles[role]].cells, column.cells, strict=True)
            if any((to_float(cell, style) or 0) < 0 for cell in {cell for cell, mark in cells if mark == word}):
                return True
    return False
