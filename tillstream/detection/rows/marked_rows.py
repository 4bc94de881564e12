"""Rows that another column than a status marks as no sales: documents such as CN-1001, products such as STORNO Latte.

Rows that name the number of another sale are such rows, too.

Only rows whose amounts have no minus sign are asked about: those with one take back a sale as they are.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import compress

from tillstream.detection.amounts.arithmetic import to_float
from tillstream.detection.columns.column_uses import amounts_by_word
from tillstream.detection.columns.sale_numbers import sale_number_candidates
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.rows.repeated_rows import is_tender_header
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.detection.words.status_words import (
    flag_meaning,
    flagged_status,
    is_cash_movement,
    is_document_word,
    is_flag,
    reversed_words,
    reverses_if_filled,
    status_of,
)
from tillstream.model.columns import IGNORE
from tillstream.model.contract_patterns import IDEOGRAPH, edge_pattern, edge_words
from tillstream.model.document_json import JsonObject

_LETTERS = re.compile(r"^[\W_]*(?P<first>[^\W\d_]+)(?=[\W\d_])|(?<=[\W\d_])(?P<last>[^\W\d_]+)[\W_]*$")
_MAX_LETTERS, _MAX_DOUBTFUL, _MAX_SHARE, _MIN_NUMBERS = 12, 3, 0.5, 2
_MAX_KINDS, _MIN_COPIES, _MAX_COPIES = 6, 3, 0.4
_WORD, _MAX_WORDS = re.compile(r"[^\W\d_]+"), 3
_MIN_LENGTH = 3
"""Digits of a number that another row may name."""
_PRODUCT_ROLES = ("product_name", "product_id")
_NAME_ROLES = (*_PRODUCT_ROLES, "category", "channel", "customer_name")
_PLACE_ROLES = ("store_id", "country", "channel", "currency", "salesperson_id")
"""Roles of columns that explain the letters of a number, such as those of the store."""
_REVERSED_STATUSES = frozenset({"cancelled", "returned"})

_STATUS_BY_ANSWER = {"subtract": "returned", "ignore": IGNORE, "keep": "completed"}
"""Answer → status of the rows."""


@dataclass(frozen=True)
class RowMarks:
    """A derived column whose words mark rows that may be no sales."""

    column: SampleColumn
    rule: JsonObject
    """How the contract derives it (`made`)."""
    rows: Mapping[str, str]
    """Word → description of its rows, for a question."""

    @property
    def source(self) -> str:
        """The column of the file that it is derived from."""
        return str(self.rule.get("word_of") or self.rule["filled"])


def find_marks(sheet: Sheet, roles: Mapping[str, str], identity: Collection[str]) -> Iterator[RowMarks]:
    """All marks of a sheet: letters of documents, words of products, references, and copies of rows.

    identity: columns that identify sales; they mark nothing.
    """
    yield from _document_marks(sheet, roles)
    yield from _product_marks(sheet, roles)
    yield from _reference_marks(sheet, roles)
    yield from _copy_marks(sheet, roles, identity)


def _document_marks(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[RowMarks]:
    """Rows with the letters of another document in the sale number, or in a column that is a candidate for it."""
    possible = [roles["sale_id"]] if "sale_id" in roles else [one.name for one in sale_number_candidates(sheet, roles)]
    if not possible:
        return
    numbers = sheet.columns[possible[0]]
    matches = {cell: _LETTERS.search(cell) for cell in numbers.words}
    letters = {cell: match["first"] or match["last"] if match else "" for cell, match in matches.items()}
    cells = tuple(letters.get(cell, "") for cell in numbers.cells)
    column = SampleColumn(f"Letters of {numbers.name}", cells, numbers.lines)
    if not 1 <= len(column.words) <= _MAX_LETTERS or len({*cells}) < 2 or _is_of_place(sheet, roles, cells):
        return
    bare = sheet.rows - column.filled > _MAX_SHARE * sheet.rows
    minor = (word for word, count in column.words.items() if count <= _MAX_SHARE * sheet.rows)
    most = max(column.words, key=column.words.__getitem__) if 2 * max(column.words.values()) > sheet.rows else ""
    doubtful = [word for word in minor if is_document_word(word, among_numbers=bare, among=most)][:_MAX_KINDS]
    rule = {"word_of": numbers.name, "words": list(column.words)}
    yield RowMarks(column, rule, {word: f"with “{word}” in {numbers.name}" for word in doubtful})


def _is_of_place(sheet: Sheet, roles: Mapping[str, str], cells: tuple[str, ...]) -> bool:
    """Whether each store, or another place, has its own letters."""
    for role in _PLACE_ROLES:
        if role in roles:
            pairs = set(zip(sheet.columns[roles[role]].cells, cells, strict=True))
            if len(pairs) == len({place for place, _ in pairs}) > 1:
                return True
    return False


def _product_marks(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[RowMarks]:
    """Rows whose product is another one with a word such as STORNO before or after it, or this word alone.

    A category, a channel or a customer may be such a word as well, a customer also a test, and a product cash that is
    put into the till.
    """
    for role in _NAME_ROLES:
        if role not in roles:
            continue
        texts = sheet.columns[roles[role]]
        words = _words_around_products(texts) if role in _PRODUCT_ROLES else _whole_words(texts, role)
        doubtful = list(words)[:_MAX_DOUBTFUL]
        if doubtful:
            edges = dict(zip(texts.words, edge_words(list(texts.words), words), strict=True))
            cells = tuple(edges.get(cell, "") for cell in texts.cells)
            column = SampleColumn(f"Word in {texts.name}", cells, texts.lines)
            rows = {word: f"whose {texts.name} begins or ends with “{word}”" for word in doubtful}
            yield RowMarks(column, {"word_of": texts.name, "words": list(words)}, rows)


def _words_around_products(products: SampleColumn) -> tuple[str, ...]:
    pattern, edges = edge_pattern(reversed_words()), set(reversed_words())
    names = {_without_edges(name) for name in products.words}
    words = {name.casefold(): name for name in products.words if is_cash_movement(name) or _is_test_product(name)}
    for name in products.words:
        first = _LETTERS.match(name)
        match = pattern.search(name) if _may_have_edge(name, edges) else None
        if match:
            word = match["first"] or match["last"]
        elif first and first["first"] and is_document_word(first["first"], among_numbers=False):
            word = first["first"]
        else:
            continue
        rest = _without_edges(name.replace(word, "", 1))
        if rest in names or not (rest or status_of(word) not in _REVERSED_STATUSES):
            words.setdefault(word.casefold(), word)
    return tuple(words.values())


def _may_have_edge(name: str, words: AbstractSet[str]) -> bool:
    """Whether a text may begin or end with one of these words: a quick test for the many that do not."""
    if not name.isascii() and IDEOGRAPH.search(name):
        return True
    parts = _WORD.findall(name.casefold())
    sizes = range(1, min(_MAX_WORDS, len(parts)) + 1)
    return any(" ".join(edge) in words for size in sizes for edge in (parts[:size], parts[-size:]))


def _is_test_product(name: str) -> bool:
    return "test" in name.casefold() and flagged_status(name) == IGNORE


def _whole_words(column: SampleColumn, role: str) -> tuple[str, ...]:
    """The cells that are a word of a cancelled or returned sale, also in plural."""
    return tuple(
        word
        for word in column.words
        if {status_of(word), status_of(word.removesuffix("s"))} & _REVERSED_STATUSES
        or (role == "customer_name" and flagged_status(word) == IGNORE)
        or (role == "category" and is_cash_movement(word))
    )


def _without_edges(name: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", name).casefold().split())


def _reference_marks(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[RowMarks]:
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


def _filled(column: SampleColumn, rows: str) -> RowMarks:
    name = column.name
    marked = SampleColumn(f"{name}?", tuple(name if cell else "" for cell in column.cells), column.lines)
    return RowMarks(marked, {"filled": name, "word": name}, {name: rows})


def _names_sales(column: SampleColumn, sales: SampleColumn) -> bool:
    """Whether a mostly empty column has numbers of other sales of the file, one for each sale."""
    numbers = column.words.keys()
    if column.filled > _MAX_SHARE * len(column.cells) or len(numbers) < _MIN_NUMBERS:
        return False
    if min(map(len, numbers)) < _MIN_LENGTH or len(numbers & sales.words.keys()) <= _MAX_SHARE * len(numbers):
        return False
    pairs = {(sale, number) for sale, number in zip(sales.cells, column.cells, strict=True) if number}
    return len(pairs) == len({sale for sale, _ in pairs}) and all(sale != number for sale, number in pairs)


def _copy_marks(sheet: Sheet, roles: Mapping[str, str], identity: Collection[str]) -> Iterator[RowMarks]:
    """Rows that equal rows with another word of a column, such as Copy beside Original, in every other column."""
    if "sale_id" not in roles:
        return
    for name, column in sheet.columns.items():
        if (
            name in {*roles.values(), *identity}
            or is_tender_header(name)
            or not 1 < len(column.words) <= _MAX_KINDS
            or column.filled < sheet.rows
        ):
            continue
        for word in (word for word, count in column.words.items() if _MIN_COPIES <= count <= _MAX_COPIES * sheet.rows):
            if _are_copies(sheet, roles, column, word):
                cells = tuple(word if cell == word else "" for cell in column.cells)
                rule = {"word_of": name, "words": [word]}
                rows = {word: f"whose {name} is “{word}”, and which equal other rows,"}
                yield RowMarks(SampleColumn(f"{word} in {name}", cells, column.lines), rule, rows)
                break


def _are_copies(sheet: Sheet, roles: Mapping[str, str], column: SampleColumn, word: str) -> bool:
    """Whether each row of the word has a row of another word that is equal in the other columns."""
    is_word = [cell == word for cell in column.cells]
    is_other = [not one for one in is_word]
    mapped = {name for name in roles.values() if name in sheet.columns}
    for names in ({roles["sale_id"]}, mapped, sheet.columns.keys() - {column.name}):
        rows = list(zip(*(sheet.columns[name].cells for name in names), strict=True))
        if not set(compress(rows, is_word)) <= set(compress(rows, is_other)):
            return False
    return True


@dataclass(frozen=True)
class MarkedRows:
    """Derived columns whose words are those of rows that do not count as sales; empty if no rows do."""

    made: dict[str, JsonObject] = field(default_factory=dict)
    """The contract's `made`."""
    parts: tuple[str, ...] = ()
    """The columns of the file that they are derived from."""


def detect_marked_rows(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, log: DetectionLog, identity: Collection[str]
) -> tuple[Sheet, MarkedRows]:
    """Add derived columns of the marks to the sheet; the first is the status if no column is. Asks `rows.WORD`.

    identity: columns that identify sales.
    """
    made: dict[str, JsonObject] = {}
    parts: list[str] = []
    for marks in find_marks(sheet, dict(roles), identity):
        marked = replace(sheet, columns={**sheet.columns, marks.column.name: marks.column})
        amounts = amounts_by_word(marked, roles, marks.column.name, style) if marks.rows else {}
        answers = {
            word: _ask_marked_rows(sheet, roles, marks, word, amounts.get(word, "0"), style, log) or "keep"
            for word in marks.rows
        }
        if not set(answers.values()) - {"keep"}:
            continue
        name = marks.column.name
        made[name] = marks.rule
        sheet = replace(sheet, names=(*sheet.names, name), columns={**sheet.columns, name: marks.column})
        parts.append(marks.source)
        statuses = _STATUS_BY_ANSWER | ({"ignore": "cancelled"} if "filled" in marks.rule else {})
        meanings = {f"status.{word}": statuses[answers.get(word, "keep")] for word in marks.column.words}
        log.assume(meanings, "it follows from the answer to what these rows are")
        if "subtract" in answers.values():
            log.assume({"returns": "subtract"}, "these rows take back sales and have no minus sign")
        if "status" not in roles:
            roles["status"] = name
            log.add_finding("column.status", name, "its words are those of rows that may be no sales", LIKELY)
            log.assume({"status.default": "completed"} if marks.column.filled < sheet.rows else {}, "no mark: a sale")
    return sheet, MarkedRows(made, tuple(parts))


def _ask_marked_rows(
    sheet: Sheet,
    roles: dict[str, str],
    marks: RowMarks,
    word: str,
    amount: str,
    style: DetectedNumberStyle,
    log: DetectionLog,
) -> str | None:
    """The answer to what the rows of a word are; None if it is open, or if amounts or the status show it."""
    column = marks.column
    if Decimal(amount) <= 0 or _is_negative_amount(sheet, roles, column, word, style):
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
        log.add_question(key, words, tuple(_STATUS_BY_ANSWER), evidence, column.first_lines(word))
    return answer


def _is_decided(sheet: Sheet, roles: Mapping[str, str], column: SampleColumn, word: str) -> bool:
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


def _is_negative_amount(
    sheet: Sheet, roles: Mapping[str, str], column: SampleColumn, word: str, style: DetectedNumberStyle
) -> bool:
    """Whether a row of the word has a negative quantity or total."""
    for role in ("quantity", "net_amount", "gross_amount"):
        if role in roles:
            cells = zip(sheet.columns[roles[role]].cells, column.cells, strict=True)
            if any((to_float(cell, style) or 0) < 0 for cell in {cell for cell, mark in cells if mark == word}):
                return True
    return False
