"""Rows that another column than a status marks as no sales: documents such as CN-1001, products such as STORNO Latte,
and rows that name the number of another sale.

Only rows whose amounts have no minus sign are asked about: those with one take back a sale as they are.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tillstream.detection.arithmetic.money import to_float
from tillstream.detection.columns.word_uses import amounts_by_word
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.flag_words import (
    flag_meaning,
    flagged_status,
    is_document_word,
    is_flag,
    reverses_if_filled,
)
from tillstream.detection.words.status_words import reversed_words, status_of
from tillstream.domain.columns import IGNORE
from tillstream.domain.contract.edge_words import edge_pattern, edge_words

_STATUSES = {"subtract": "returned", "ignore": IGNORE, "keep": "completed"}
"""Answer → status of the rows."""
_LETTERS = re.compile(r"^[\W_]*(?P<first>[^\W\d_]+)(?=[\W\d_])|(?<=[\W\d_])(?P<last>[^\W\d_]+)[\W_]*$")
_MAX_LETTERS, _MAX_DOUBTFUL, _MAX_SHARE, _MIN_NUMBERS = 12, 3, 0.5, 2
_MIN_LENGTH = 3
"""Digits of a number that another row may name."""
_NAMES = ("product_name", "category", "channel", "customer_name")
_PLACES = ("store_id", "country", "channel", "currency", "salesperson_id")
"""Roles of columns that explain the letters of a number, such as those of the store."""


@dataclass(frozen=True)
class MarkedRows:
    """Derived columns whose words are those of rows that do not count as sales; empty if no rows do."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The contract's `made`."""
    parts: tuple[str, ...] = ()
    """The columns of the file that they are derived from."""


@dataclass(frozen=True)
class _Marks:
    column: Column
    """The derived column."""
    rule: dict[str, Any]
    rows: Mapping[str, str]
    """Word of rows that may be no sales → what these rows are."""

    @property
    def source(self) -> str:
        return str(self.rule.get("word_of") or self.rule["filled"])


def decide(sheet: Sheet, roles: dict[str, str], style: NumberStyle, log: DetectionLog) -> tuple[Sheet, MarkedRows]:
    """Add derived columns of the marks to the sheet; the first is the status if no column is. Asks `rows.WORD`."""
    made: dict[str, dict[str, Any]] = {}
    parts: list[str] = []
    columns = dict(sheet.columns)
    for marks in (*_documents(sheet, roles), *_products(sheet, roles), *_references(sheet, roles)):
        answers = {word: _ask(sheet, roles, marks, word, style, log) or "keep" for word in marks.rows}
        if not set(answers.values()) - {"keep"}:
            continue
        name = marks.column.name
        columns[name], made[name] = marks.column, marks.rule
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
    if not made:
        return sheet, MarkedRows()
    return replace(sheet, names=tuple(columns), columns=columns), MarkedRows(made, tuple(parts))


def _ask(
    sheet: Sheet, roles: dict[str, str], marks: _Marks, word: str, style: NumberStyle, log: DetectionLog
) -> str | None:
    """The answer to what the rows of a word are; None if it is open, or if amounts or the status show it."""
    column = marks.column
    amount = amounts_by_word(replace(sheet, columns={**sheet.columns, column.name: column}), roles, column.name, style)
    if Decimal(amount.get(word, "0")) <= 0 or _is_negative(sheet, roles, column, word, style):
        return None
    if _is_decided(sheet, roles, column, word):
        return None
    key, rows = f"rows.{word}", column.words[word]
    answer = log.answer(key)
    if answer is None:
        words = (
            f"Do the rows {marks.rows[word]} take back sales (subtract), do they not count at all (ignore), or are "
            "they sales like the others (keep)?"
        )
        evidence = f"{rows:,} {'row' if rows == 1 else 'rows'}, together {amount[word]} without a minus sign"
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


def _documents(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[_Marks]:
    """Rows whose sale number has the letters of another document."""
    if "sale_id" not in roles:
        return
    numbers = sheet.columns[roles["sale_id"]]
    matches = {cell: _LETTERS.search(cell) for cell in numbers.words}
    letters = {cell: match["first"] or match["last"] if match else "" for cell, match in matches.items()}
    cells = tuple(letters.get(cell, "") for cell in numbers.cells)
    column = Column(f"Letters of {numbers.name}", cells, numbers.lines)
    if not 1 <= len(column.words) <= _MAX_LETTERS or len({*cells}) < 2 or _is_of_place(sheet, roles, cells):
        return
    bare = sheet.rows - column.filled > _MAX_SHARE * sheet.rows
    minor = (word for word, count in column.words.items() if count <= _MAX_SHARE * sheet.rows)
    doubtful = [word for word in minor if is_document_word(word, beside_numbers=bare)][:_MAX_DOUBTFUL]
    rule = {"word_of": numbers.name, "words": list(column.words)}
    yield _Marks(column, rule, {word: f"with “{word}” in {numbers.name}" for word in doubtful})


def _is_of_place(sheet: Sheet, roles: Mapping[str, str], cells: tuple[str, ...]) -> bool:
    """Whether each store, or another place, has its own letters."""
    for role in _PLACES:
        if role in roles:
            pairs = set(zip(sheet.columns[roles[role]].cells, cells, strict=True))
            if len(pairs) == len({place for place, _ in pairs}) > 1:
                return True
    return False


def _products(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[_Marks]:
    """Rows whose product is another one with a word such as STORNO before or after it, or this word alone.

    A category, a channel or a customer may be such a word as well, and a customer the name of a test.
    """
    for role in _NAMES:
        if role not in roles:
            continue
        texts = sheet.columns[roles[role]]
        words = _words_beside_products(texts) if role == "product_name" else _whole_words(texts, role)
        doubtful = list(words)[:_MAX_DOUBTFUL]
        if doubtful:
            column = Column(f"Word in {texts.name}", tuple(edge_words(texts.cells, words)), texts.lines)
            rows = {word: f"whose {texts.name} begins or ends with “{word}”" for word in doubtful}
            yield _Marks(column, {"word_of": texts.name, "words": list(words)}, rows)


def _words_beside_products(products: Column) -> tuple[str, ...]:
    pattern = edge_pattern(reversed_words())
    names = {_bare(name) for name in products.words}
    words = {name.casefold(): name for name in products.words if "test" in name.casefold() and _is_test(name)}
    for name in products.words:
        if match := pattern.search(name):
            word = match["first"] or match["last"]
            rest = _bare(name.replace(word, "", 1))
            if not rest or rest in names:
                words.setdefault(word.casefold(), word)
    return tuple(words.values())


def _is_test(name: str) -> bool:
    return flagged_status(name) == IGNORE


def _whole_words(column: Column, role: str) -> tuple[str, ...]:
    """The cells that are a word of a cancelled or returned sale, also in plural."""
    return tuple(
        word
        for word in column.words
        if {status_of(word), status_of(word.removesuffix("s"))} & {"cancelled", "returned"}
        or (role == "customer_name" and _is_test(word))
    )


def _bare(name: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", name).casefold().split())


def _references(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[_Marks]:
    """Rows that name the number of another sale, or have a value in a column such as Refund reason or Voided by."""
    if "sale_id" not in roles:
        return
    sales = sheet.columns[roles["sale_id"]]
    for name, column in sheet.columns.items():
        own_role = next((role for role, header in roles.items() if header == name), "")
        if not column.filled or own_role not in {"", "returns_sale_id"} or name in {"", sales.name}:
            continue
        if own_role or _names_sales(column, sales):
            yield _filled(column, f"that name another sale in {name}")
        elif reverses_if_filled(name) and not is_flag(name, column.words) and column.filled <= _MAX_SHARE * sheet.rows:
            yield _filled(column, f"with a value in {name}")


def _filled(column: Column, rows: str) -> _Marks:
    name = column.name
    marked = Column(f"{name}?", tuple(name if cell else "" for cell in column.cells), column.lines)
    return _Marks(marked, {"filled": name, "word": name}, {name: rows})


def _names_sales(column: Column, sales: Column) -> bool:
    """Whether a mostly empty column has numbers of other sales of the file, one for each sale."""
    numbers = column.words.keys()
    if column.filled > _MAX_SHARE * len(column.cells) or len(numbers) < _MIN_NUMBERS:
        return False
    if min(map(len, numbers)) < _MIN_LENGTH or len(numbers & sales.words.keys()) <= _MAX_SHARE * len(numbers):
        return False
    pairs = {(sale, number) for sale, number in zip(sales.cells, column.cells, strict=True) if number}
    return len(pairs) == len({sale for sale, _ in pairs}) and all(sale != number for sale, number in pairs)
