"""Ask whether tips, gift cards and shipping among the products of a file are left out. Asks `ignore.WORD`.

The name of the product shows them, or the type of the line, such as Versandposition in the column Positionstyp.
"""

import re

from tillstream.detection.evidence import NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.words.headers import match_header
from tillstream.detection.words.not_goods import kind_of
from tillstream.domain.contract.ignored_cells import word_of

_ROLE = "product_name"
_LINE_TYPE = re.compile(
    r"(?:(?:line|item|position|pos|row|entry|detail|product|article|artikel|zeile)n?s?[ _.-]*)+(?:type|typ|art|kind)|"
    r"(?:type|tipo) (?:de |d')?(?:ligne|article|produit|línea|linea|artículo|articulo|producto|linha|item|riga)",
    re.IGNORECASE,
)
"""Names of the type of a line; that of an order, such as Delivery, is another matter."""
_MOST = 0.5
_REASONS = {
    "tips": ("a tip is no sale", "yes"),
    "gift_cards": ("a gift card is paid with when it is used, so that both would count twice", ""),
    "shipping": ("shipping is no revenue of goods, and its rows would count as units", ""),
}
"""Kind → why its rows may be left out, and the usual answer."""


def decide(sheet: Sheet, log: DetectionLog) -> dict[str, tuple[str, ...]]:
    """Header → cells of rows that are left out. A file of which most rows are no goods is one of these alone."""
    ignored: dict[str, tuple[str, ...]] = {}
    for column in _products(sheet, log):
        words = {word: kind for word in column.words if (kind := kind_of(word))}
        if not words or sum(column.words[word] for word in words) > _MOST * column.filled:
            continue
        leave = tuple(word_of(word) for word, kind in words.items() if _is_left_out(sheet, column, word, kind, log))
        if leave:
            ignored[column.name] = leave
    return ignored


def _products(sheet: Sheet, log: DetectionLog) -> list[Column]:
    """The columns that may have the names of products, and those of the type of a line."""
    types = [column for name, column in sheet.columns.items() if _LINE_TYPE.fullmatch(name.strip())]
    return list({column.name: column for column in (*_named_products(sheet, log), *types)}.values())


def _named_products(sheet: Sheet, log: DetectionLog) -> list[Column]:
    answer = log.answers.get(f"column.{_ROLE}", "")
    if answer and answer != NO_COLUMN:
        return [sheet.columns[answer]] if answer in sheet.columns else []
    return [
        column for name, column in sheet.columns.items() if any(match.role == _ROLE for match in match_header(name))
    ]


def _is_left_out(sheet: Sheet, column: Column, word: str, kind: str, log: DetectionLog) -> bool:
    """Whether the rows of a word are left out; False while that is not answered, or if it is what was paid with."""
    rows = [row for row, cell in enumerate(column.cells) if cell == word]
    if kind != "shipping" and any(_is_negative(sheet, row) for row in rows):
        return False
    reason, usual = _REASONS[kind]
    key = f"ignore.{word}"
    answer = log.answer(key)
    if answer is None:
        words = f"Are the rows of “{word}” in {column.name} left out?"
        evidence = f"{len(rows):,} of {column.filled:,} rows are no goods by this name; {reason}"
        log.add_question(key, words, ("yes", "no"), evidence, column.first_lines(word), default=usual)
    return answer == "yes"


def _is_negative(sheet: Sheet, row: int) -> bool:
    """Whether a row has a number below zero, as a voucher that was used."""
    cells = (column.cells[row].lstrip("($€£ ") for column in sheet.columns.values())
    return any(cell[:1] in {"-", "−", "△", "▲"} and cell[1:2].isdigit() for cell in cells)
