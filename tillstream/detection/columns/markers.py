"""Columns whose few values may decide whether a sale counts, although neither name nor values are those of a status.

They contain yes or no, plus or minus, single letters or codes of documents, the numbers of kinds under a name such as
Type, most of them the same, or remarks such as “keyed in error”. No other column explains them, and letters, codes and
remarks are the same on all lines of a sale.
"""

from collections import defaultdict
from collections.abc import Mapping

from tillstream.detection.columns.roles import NUMERIC
from tillstream.detection.columns.word_uses import amounts_by_word
from tillstream.detection.evidence import CHOICE, CONFIRM_COLUMN, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.flag_words import (
    are_signs,
    is_document_word,
    is_flag_word,
    is_harmless_flag,
    is_kind_header,
    reversed_column,
)
from tillstream.detection.words.headers import match_header
from tillstream.detection.words.status_words import MAX_STATUS_WORDS, suggests_status

_MIN_ROWS, _MOST, _MAX_LETTERS, _MAX_REMARKS, _MAX_CODE = 10, 0.6, 6, 12, 4
_MIN_COUNT = 2
"""Rows that each value has at least."""
_UNRELATED = NUMERIC | {"sale_id", "date", "time"}
"""Roles of columns that differ from sale to sale, which explain no other column."""


def ask(sheet: Sheet, roles: Mapping[str, str], style: NumberStyle, log: DetectionLog) -> None:
    """Ask `column.status` if columns without a role may mark sales that do not count."""
    names = [
        name
        for name, column in sheet.columns.items()
        if name not in roles.values()
        and (_may_flag(column) or (_may_mark(column) and _is_of_sale(sheet, roles, column)))
    ]
    names = [name for name in names if not _is_explained(sheet, roles, name)]
    if not names:
        return
    words, none, kind = "Does a column decide whether a sale counts?", "no column does", CHOICE
    if len(names) == 1:
        words, none, kind = f"Does {names[0]} decide whether a sale counts?", "no", CONFIRM_COLUMN
    evidence = "; ".join(_describe(sheet, roles, name, style) for name in names)
    first = sheet.columns[names[0]]
    rarest = min(first.words, key=lambda word: first.words[word])
    lines = first.first_lines(rarest)
    log.add_question("column.status", words, (*names, NO_COLUMN), evidence, lines, none=none, kind=kind)


def _may_flag(column: Column) -> bool:
    """Whether it has a yes or no, or a plus or minus, whose meaning its name does not show."""
    words, empty = column.words, len(column.cells) - column.filled
    if len(column.cells) < _MIN_ROWS or len(words) + bool(empty) != 2 or match_header(column.name):
        return False
    if (
        reversed_column(column.name)
        or is_harmless_flag(column.name)
        or max(*words.values(), empty) < _MOST * len(column.cells)
    ):
        return False
    return all(map(is_flag_word, words)) or are_signs(words)


def _may_mark(column: Column) -> bool:
    words = column.words
    if len(column.cells) < _MIN_ROWS or not words or min(words.values()) < _MIN_COUNT:
        return False
    empty = len(column.cells) - column.filled
    if len(words) + bool(empty) < 2:
        return False
    if any(map(suggests_status, words)):
        return len(words) <= _MAX_REMARKS
    is_letters = all(len(word) == 1 and word.isalpha() for word in words) and not all(map(is_flag_word, words))
    is_codes = all(len(word) <= _MAX_CODE and word.isalpha() for word in words) and not is_harmless_flag(column.name)
    is_codes = is_codes and any(
        len(word) > 1 and count <= column.filled / 2 and is_document_word(word, among_numbers=False)
        for word, count in words.items()
    )
    is_numbered = is_kind_header(column.name, vague=True) and all(
        len(word) <= _MAX_CODE and word.isdecimal() for word in words
    )
    most = max(*words.values(), empty)
    return (
        (is_letters or is_codes or is_numbered)
        and not match_header(column.name)
        and len(words) <= _MAX_LETTERS
        and most >= _MOST * len(column.cells)
    )


def _is_of_sale(sheet: Sheet, roles: Mapping[str, str], column: Column) -> bool:
    """Whether all lines of a sale have the same value."""
    if "sale_id" not in roles:
        return True
    pairs = set(zip(sheet.columns[roles["sale_id"]].cells, column.cells, strict=True))
    return len(pairs) == len({sale for sale, _ in pairs})


def _is_explained(sheet: Sheet, roles: Mapping[str, str], name: str) -> bool:
    """Whether each value of another column with few values has one value of this column, as the tax of a product.

    Numbers, days and amounts of sales explain nothing, as in a file of few sales each has one value by chance.
    """
    cells = sheet.columns[name].cells
    unrelated = {roles[role] for role in _UNRELATED if role in roles}
    for other in sheet.columns.values():
        if other.name == name or other.name in unrelated or not 1 < len(other.words) <= MAX_STATUS_WORDS:
            continue
        if len(other.words) == other.filled:
            continue
        values: dict[str, set[str]] = defaultdict(set)
        for word, cell in zip(other.cells, cells, strict=True):
            values[word].add(cell)
        if all(len(one) == 1 for one in values.values()):
            return True
    return False


def _describe(sheet: Sheet, roles: Mapping[str, str], name: str, style: NumberStyle) -> str:
    column, amounts = sheet.columns[name], amounts_by_word(sheet, dict(roles), name, style)
    empty = len(column.cells) - column.filled
    rows = dict(sorted(column.words.items(), key=lambda one: -one[1])) | ({"": empty} if empty else {})
    uses = (
        f"{f'“{word}”' if word else 'nothing'} in {count:,} rows"
        + (f", together {amounts[word]}" if amounts.get(word) else "")
        for word, count in rows.items()
    )
    return f"{name} has {'; '.join(uses)}"
