"""Words and values outside a status that mark rows as no sales, each with the rows that it may mark."""

import re
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import compress
from typing import Any

from tillstream.detection.columns.sale_numbers import candidates
from tillstream.detection.rows.repeats import is_tender
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.words.flag_words import (
    flagged_status,
    is_cash_movement,
    is_document_word,
    is_flag,
    reverses_if_filled,
)
from tillstream.detection.words.status_words import reversed_words, status_of
from tillstream.domain.columns import IGNORE
from tillstream.domain.contract.edge_words import IDEOGRAPH, edge_pattern, edge_words

_LETTERS = re.compile(r"^[\W_]*(?P<first>[^\W\d_]+)(?=[\W\d_])|(?<=[\W\d_])(?P<last>[^\W\d_]+)[\W_]*$")
_MAX_LETTERS, _MAX_DOUBTFUL, _MAX_SHARE, _MIN_NUMBERS = 12, 3, 0.5, 2
_MAX_KINDS, _MIN_COPIES, _MAX_COPIES = 6, 3, 0.4
_PARTS, _MAX_PARTS = re.compile(r"[^\W\d_]+"), 3
_MIN_LENGTH = 3
"""Digits of a number that another row may name."""
_PRODUCTS = ("product_name", "product_id")
_NAMES = (*_PRODUCTS, "category", "channel", "customer_name")
_PLACES = ("store_id", "country", "channel", "currency", "salesperson_id")
"""Roles of columns that explain the letters of a number, such as those of the store."""
_REVERSED = frozenset({"cancelled", "returned"})


@dataclass(frozen=True)
class Marks:
    """A derived column whose words mark rows that may be no sales."""

    column: Column
    rule: dict[str, Any]
    """How the contract derives it (`made`)."""
    rows: Mapping[str, str]
    """Word → description of its rows, for a question."""

    @property
    def source(self) -> str:
        """The column of the file that it is derived from."""
        return str(self.rule.get("word_of") or self.rule["filled"])


def search(sheet: Sheet, roles: Mapping[str, str], identity: Collection[str]) -> Iterator[Marks]:
    """All marks of a sheet: letters of documents, words of products, references, and copies of rows.

    identity: columns that identify sales; they mark nothing.
    """
    yield from _documents(sheet, roles)
    yield from _products(sheet, roles)
    yield from _references(sheet, roles)
    yield from _copies(sheet, roles, identity)


def _documents(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[Marks]:
    """Rows with the letters of another document in the sale number, or in a column that is a candidate for it."""
    possible = [roles["sale_id"]] if "sale_id" in roles else [one.name for one in candidates(sheet, roles)]
    if not possible:
        return
    numbers = sheet.columns[possible[0]]
    matches = {cell: _LETTERS.search(cell) for cell in numbers.words}
    letters = {cell: match["first"] or match["last"] if match else "" for cell, match in matches.items()}
    cells = tuple(letters.get(cell, "") for cell in numbers.cells)
    column = Column(f"Letters of {numbers.name}", cells, numbers.lines)
    if not 1 <= len(column.words) <= _MAX_LETTERS or len({*cells}) < 2 or _is_of_place(sheet, roles, cells):
        return
    bare = sheet.rows - column.filled > _MAX_SHARE * sheet.rows
    minor = (word for word, count in column.words.items() if count <= _MAX_SHARE * sheet.rows)
    most = max(column.words, key=column.words.__getitem__) if 2 * max(column.words.values()) > sheet.rows else ""
    doubtful = [word for word in minor if is_document_word(word, among_numbers=bare, among=most)][:_MAX_KINDS]
    rule = {"word_of": numbers.name, "words": list(column.words)}
    yield Marks(column, rule, {word: f"with “{word}” in {numbers.name}" for word in doubtful})


def _is_of_place(sheet: Sheet, roles: Mapping[str, str], cells: tuple[str, ...]) -> bool:
    """Whether each store, or another place, has its own letters."""
    for role in _PLACES:
        if role in roles:
            pairs = set(zip(sheet.columns[roles[role]].cells, cells, strict=True))
            if len(pairs) == len({place for place, _ in pairs}) > 1:
                return True
    return False


def _products(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[Marks]:
    """Rows whose product is another one with a word such as STORNO before or after it, or this word alone.

    A category, a channel or a customer may be such a word as well, a customer also a test, and a product cash that is
    put into the till.
    """
    for role in _NAMES:
        if role not in roles:
            continue
        texts = sheet.columns[roles[role]]
        words = _words_around_products(texts) if role in _PRODUCTS else _whole_words(texts, role)
        doubtful = list(words)[:_MAX_DOUBTFUL]
        if doubtful:
            edges = dict(zip(texts.words, edge_words(list(texts.words), words), strict=True))
            cells = tuple(edges.get(cell, "") for cell in texts.cells)
            column = Column(f"Word in {texts.name}", cells, texts.lines)
            rows = {word: f"whose {texts.name} begins or ends with “{word}”" for word in doubtful}
            yield Marks(column, {"word_of": texts.name, "words": list(words)}, rows)


def _words_around_products(products: Column) -> tuple[str, ...]:
    pattern, edges = edge_pattern(reversed_words()), set(reversed_words())
    names = {_bare(name) for name in products.words}
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
        rest = _bare(name.replace(word, "", 1))
        if rest in names or not (rest or status_of(word) not in _REVERSED):
            words.setdefault(word.casefold(), word)
    return tuple(words.values())


def _may_have_edge(name: str, words: AbstractSet[str]) -> bool:
    """Whether a text may begin or end with one of these words: a quick test for the many that do not."""
    if not name.isascii() and IDEOGRAPH.search(name):
        return True
    parts = _PARTS.findall(name.casefold())
    sizes = range(1, min(_MAX_PARTS, len(parts)) + 1)
    return any(" ".join(edge) in words for size in sizes for edge in (parts[:size], parts[-size:]))


def _is_test_product(name: str) -> bool:
    return "test" in name.casefold() and flagged_status(name) == IGNORE


def _whole_words(column: Column, role: str) -> tuple[str, ...]:
    """The cells that are a word of a cancelled or returned sale, also in plural."""
    return tuple(
        word
        for word in column.words
        if {status_of(word), status_of(word.removesuffix("s"))} & _REVERSED
        or (role == "customer_name" and flagged_status(word) == IGNORE)
        or (role == "category" and is_cash_movement(word))
    )


def _bare(name: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", name).casefold().split())


def _references(sheet: Sheet, roles: Mapping[str, str]) -> Iterator[Marks]:
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


def _filled(column: Column, rows: str) -> Marks:
    name = column.name
    marked = Column(f"{name}?", tuple(name if cell else "" for cell in column.cells), column.lines)
    return Marks(marked, {"filled": name, "word": name}, {name: rows})


def _names_sales(column: Column, sales: Column) -> bool:
    """Whether a mostly empty column has numbers of other sales of the file, one for each sale."""
    numbers = column.words.keys()
    if column.filled > _MAX_SHARE * len(column.cells) or len(numbers) < _MIN_NUMBERS:
        return False
    if min(map(len, numbers)) < _MIN_LENGTH or len(numbers & sales.words.keys()) <= _MAX_SHARE * len(numbers):
        return False
    pairs = {(sale, number) for sale, number in zip(sales.cells, column.cells, strict=True) if number}
    return len(pairs) == len({sale for sale, _ in pairs}) and all(sale != number for sale, number in pairs)


def _copies(sheet: Sheet, roles: Mapping[str, str], identity: Collection[str]) -> Iterator[Marks]:
    """Rows that equal rows with another word of a column, such as Copy beside Original, in every other column."""
    if "sale_id" not in roles:
        return
    for name, column in sheet.columns.items():
        if (
            name in {*roles.values(), *identity}
            or is_tender(name)
            or not 1 < len(column.words) <= _MAX_KINDS
            or column.filled < sheet.rows
        ):
            continue
        for word in (word for word, count in column.words.items() if _MIN_COPIES <= count <= _MAX_COPIES * sheet.rows):
            if _are_copies(sheet, roles, column, word):
                cells = tuple(word if cell == word else "" for cell in column.cells)
                rule = {"word_of": name, "words": [word]}
                rows = {word: f"whose {name} is “{word}”, and which equal other rows,"}
                yield Marks(Column(f"{word} in {name}", cells, column.lines), rule, rows)
                break


def _are_copies(sheet: Sheet, roles: Mapping[str, str], column: Column, word: str) -> bool:
    """Whether each row of the word has a row of another word that is equal in the other columns."""
    is_word = [cell == word for cell in column.cells]
    is_other = [not one for one in is_word]
    mapped = {name for name in roles.values() if name in sheet.columns}
    for names in ({roles["sale_id"]}, mapped, sheet.columns.keys() - {column.name}):
        rows = list(zip(*(sheet.columns[name].cells for name in names), strict=True))
        if not set(compress(rows, is_word)) <= set(compress(rows, is_other)):
            return False
    return True
