"""Find rows that are no sales: totals of other rows, balances, and tips, gift cards and shipping.

The arithmetic is the proof of totals: they have the sum of the rows between them. Words only support it.

The name of the product shows tips, gift cards and shipping, or the type of the line, such as Versandposition in the
column Positionstyp.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
import numpy.typing as npt

from tillstream.detection.amounts.arithmetic import to_float
from tillstream.detection.columns.column_roles import NUMERIC_ROLES, ColumnProfile, number_style_columns
from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import SampleColumn, Sheet, rows_where
from tillstream.detection.values import numbers
from tillstream.detection.words.headers import match_header
from tillstream.detection.words.row_words import balance_words, is_total_word, not_goods_kind, total_word_in
from tillstream.detection.words.status_words import status_of
from tillstream.model.contract_patterns import cell_of_word, word_of_cell

TOTAL_ROWS_KEY = "total_rows"
_MAX_COLUMNS, _MAX_ROWS = 4, 4_000
"""Maximum columns of amounts that are added up, and maximum rows searched for words of no dictionary."""
_MIN_NUMBERS, _MIN_SHARE = 0.8, 0.9
_MIN_SUMS, _MIN_SUMMANDS = 3, 5
"""Sums of several rows, or rows that a single sum adds up, that prove a word of no dictionary."""
_MIN_PART, _MAX_PART = 0.01, 0.5
"""Parts of a sum that a tax or a charge may be."""
_ROUNDING = 11
"""Thousandths by which such a part may differ."""
_SCALE, _MAX_VALUE = 1_000, 1e15
"""Amounts are compared as whole thousandths."""

IntColumn = npt.NDArray[np.int64]
RowMask = npt.NDArray[np.bool_]

_PRODUCT_ROLE = "product_name"
_LINE_TYPE = re.compile(
    r"(?:(?:line|item|position|pos|row|entry|detail|product|article|artikel|zeile)n?s?[ _.-]*)+(?:type|typ|art|kind)|"
    r"(?:type|tipo) (?:de |d')?(?:ligne|article|produit|línea|linea|artículo|articulo|producto|linha|item|riga)",
    re.IGNORECASE,
)
"""Names of the type of a line; that of an order, such as Delivery, is another matter."""
_MAX_SHARE = 0.5
_LEFT_OUT_REASONS = {
    "tips": ("a tip is no sale", "yes"),
    "gift_cards": ("a gift card is paid with when it is used, so that both would count twice", ""),
    "shipping": ("shipping is no revenue of goods, and its rows would count as units", ""),
}
"""Kind → why its rows may be left out, and the usual answer."""


@dataclass(frozen=True)
class TotalRows:
    """Rows that are sums of others. words: those of the cells of `column` by which a contract ignores them."""

    column: str
    words: tuple[str, ...]
    amount: str
    """The header of the amounts that are added up."""
    place: str = "above"
    """Where the rows are that they add up."""
    share: float = 1.0
    """Which part of the sum they are: less for a tax or a charge on these rows."""


def detect_total_rows(
    sheet: Sheet, profiles: Mapping[str, ColumnProfile], log: DetectionLog
) -> dict[str, tuple[str, ...]]:
    """Header → cells of rows that are sums of other rows. Asks `total_rows` if no dictionary contains the word."""
    answer = log.answer(TOTAL_ROWS_KEY)
    if answer == "no" or sheet.contiguous_rows < 2:
        return {}
    amounts = _amount_columns(sheet, profiles, log)
    labels = [
        one.column
        for name, one in profiles.items()
        if name and one.column.filled and one.numbers.share < 1 - _MIN_NUMBERS
    ]
    for column in labels:
        rows_of_words = _rows_of_words(column, sheet.contiguous_rows) if amounts else []
        for name, values in amounts.items():
            if total := _by_words(column, rows_of_words, name, values):
                return _accept_total_rows(sheet, total, log)
    for column in labels:
        rows_of_cells = _rows_of_cells(column, min(sheet.contiguous_rows, _MAX_ROWS)) if amounts else {}
        for name, values in amounts.items():
            total = _by_sums(column, rows_of_cells, name, values) or _last_row(sheet, column, name, values)
            total = total or _by_shares(column, rows_of_cells, name, values)
            if total and not (all(map(status_of, total.words)) or _are_sales(sheet, column, total.words)):
                if answer == "yes":
                    return _accept_total_rows(sheet, total, log)
                _ask_total_rows(sheet, total, log)
                return {}
    return {}


def _are_sales(sheet: Sheet, column: SampleColumn, words: Sequence[str]) -> bool:
    """Whether the rows of the words fill all cells that other rows fill, and have sale numbers of their own."""
    marked = [word_of_cell(cell) in words for cell in column.cells]
    columns = [one for name, one in sheet.columns.items() if name and one.filled >= marked.count(False) > 0]
    if not all(all(compress(one.cells, marked)) for one in columns):
        return False
    numbers = [one for one in columns if any(match.role == "sale_id" for match in match_header(one.name))]
    return any(all(one.words[cell] == 1 for cell in compress(one.cells, marked)) for one in numbers)


def _amount_columns(sheet: Sheet, profiles: Mapping[str, ColumnProfile], log: DetectionLog) -> dict[str, IntColumn]:
    """Header → thousandths (n,) of the consecutive rows, 0 for other cells; columns with decimals first."""
    columns = [
        one
        for one in profiles.values()
        if one.numbers.share >= _MIN_NUMBERS
        and not one.may_be_date
        and (one.numbers.decimal or any(match.role in NUMERIC_ROLES for match in match_header(one.column.name)))
    ]
    columns.sort(key=lambda one: not one.numbers.decimal)
    names = {one.column.name: one for one in columns[:_MAX_COLUMNS]}
    style = numbers.detect_number_style(number_style_columns({}, names), DetectionLog(dict(log.answers)))
    return {name: _scaled_values(one.column.cells[: sheet.contiguous_rows], style) for name, one in names.items()}


def _scaled_values(cells: Sequence[str], style: numbers.DetectedNumberStyle) -> IntColumn:
    read = {cell: (to_float(cell, style) or 0.0) * _SCALE for cell in set(cells)}
    whole = {cell: round(value) if abs(value) < _MAX_VALUE else 0 for cell, value in read.items()}
    return np.array([whole[cell] for cell in cells], np.int64)


def _rows_of_words(column: SampleColumn, count: int) -> list[tuple[set[str], RowMask]]:
    """The cells that contain a word such as Total, and their rows (n,) among the first `count`.

    Whole cells come first, because a longer text may be the name of a product.
    """
    cells = column.cells[:count]
    parts = {cell for cell in set(cells) if total_word_in(cell)}
    whole = {cell for cell in parts if is_total_word(cell)}
    return [(words, np.array([cell in words for cell in cells], np.bool_)) for words in (whole, parts) if words]


def _by_words(
    column: SampleColumn, rows_of_words: Sequence[tuple[set[str], RowMask]], name: str, values: IntColumn
) -> TotalRows | None:
    """Rows with a word such as Total whose amount is the sum of all rows since an earlier one, or since the start."""
    for words, rows in rows_of_words:
        is_sum, summands = _sums_of_earlier(values, rows)
        if np.mean(is_sum) >= _MIN_SHARE and (is_sum & (summands > 1)).any():
            return TotalRows(column.name, _patterns(words), name)
    return None


def _sums_of_earlier(values: IntColumn, rows: RowMask) -> tuple[RowMask, IntColumn]:
    """bool (k,) whether each of the rows is a sum, and the number of rows (k,) since the row before it."""
    at = np.flatnonzero(rows)
    running = np.concatenate(([0], np.cumsum(np.where(rows, 0, values))))
    starts = np.concatenate(([0], running[at]))
    is_sum = np.array(
        [values[row] != 0 and running[row] - values[row] in starts[: index + 1] for index, row in enumerate(at)],
        np.bool_,
    )
    return is_sum, np.diff(at, prepend=-1) - 1


def _rows_of_cells(column: SampleColumn, count: int) -> dict[str, IntColumn]:
    """Cell → its rows among the first `count`."""
    places: dict[str, list[int]] = defaultdict(list)
    for row, cell in enumerate(column.cells[:count]):
        places[cell].append(row)
    return {cell: np.array(rows, np.int64) for cell, rows in places.items()}


def _by_sums(
    column: SampleColumn, rows_of_cells: Mapping[str, IntColumn], name: str, values: IntColumn
) -> TotalRows | None:
    """The rows of a word that each are the sum of the rows since the last one, or of the rows until the next one."""
    words = list(rows_of_cells)
    codes = np.empty(sum(map(len, rows_of_cells.values())), np.int64)
    for code, rows in enumerate(rows_of_cells.values()):
        codes[rows] = code
    for place, step in (("above", 1), ("below", -1)):
        for code in _codes_of_sums(values[: len(codes)][::step], codes[::step]):
            if words[code]:
                return TotalRows(column.name, (word_of_cell(words[code]),), name, place)
    return None


def _codes_of_sums(values: IntColumn, codes: IntColumn) -> list[int]:
    """The codes whose rows have the sum of the rows since the last row of the same code, or since the start."""
    rows = np.argsort(codes, kind="stable")
    is_first = np.diff(codes[rows], prepend=-1) != 0
    start = np.where(is_first, 0, np.roll(rows, 1) + 1)
    running, used = (np.concatenate(([0], np.cumsum(one))) for one in (values, values != 0))
    is_sum = (values[rows] != 0) & (running[rows] - running[start] == values[rows])
    several = is_sum & (used[rows] - used[start] > 1)
    counts, sums, proofs = (np.bincount(codes[rows], one) for one in (None, is_sum, several))
    return np.flatnonzero((counts >= _MIN_SUMS) & (sums >= _MIN_SHARE * counts) & (proofs >= _MIN_SUMS)).tolist()


def _by_shares(
    column: SampleColumn, rows_of_cells: Mapping[str, IntColumn], name: str, values: IntColumn
) -> TotalRows | None:
    """The rows of a word that each are the same part of the sum of the rows since the last one, such as a tax."""
    running = np.concatenate(([0], np.cumsum(values[:_MAX_ROWS])))
    for word, rows in rows_of_cells.items():
        if not word or len(rows) < _MIN_SUMMANDS:
            continue
        sums = running[rows] - running[np.concatenate(([0], rows[:-1] + 1))]
        if sums.min() <= 0 or len(np.unique(values[rows])) < _MIN_SUMMANDS:
            continue
        share = float(values[rows][sums.argmax()] / sums.max())
        if _MIN_PART <= share <= _MAX_PART and (np.abs(values[rows] - share * sums) <= _ROUNDING).all():
            return TotalRows(column.name, (word_of_cell(word),), name, share=share)
    return None


def _last_row(sheet: Sheet, column: SampleColumn, name: str, values: IntColumn) -> TotalRows | None:
    """The last row of the file, if it is the sum of all others and its word occurs nowhere else."""
    if not sheet.is_complete or sheet.contiguous_rows < sheet.rows or not values[-1]:
        return None
    word = column.cells[-1]
    is_sum = values[:-1].sum() == values[-1] and np.count_nonzero(values[:-1]) >= _MIN_SUMMANDS
    return TotalRows(column.name, (word_of_cell(word),), name) if is_sum and word and column.words[word] == 1 else None


def _patterns(words: set[str]) -> tuple[str, ...]:
    """The words, or what several of them have in common: North Total and South Total are `* Total`."""
    groups: dict[str, list[str]] = {}
    for word in map(word_of_cell, sorted(words)):
        groups.setdefault(_pattern(word), []).append(word)
    return tuple(pattern if len(group) > 1 else group[0] for pattern, group in groups.items())


def _pattern(word: str) -> str:
    total = total_word_in(word)
    if is_total_word(word):
        return word
    if word.endswith(f" {total}"):
        return f"* {total}"
    return f"{total} *" if word.startswith(f"{total} ") else word


def _accept_total_rows(sheet: Sheet, total: TotalRows, log: DetectionLog) -> dict[str, tuple[str, ...]]:
    where = {total.column: total.words}
    evidence = f"{_described_rows(sheet, total)}: totals, not sales"
    log.add_finding(
        "ignore_where", f"{total.column}: {', '.join(total.words)}", evidence, LIKELY, _lines_of_rows(sheet, total)
    )
    return where


def _ask_total_rows(sheet: Sheet, total: TotalRows, log: DetectionLog) -> None:
    word = f"{total.column} is “{cell_of_word(total.words[0])}”"
    words = f"Are the rows whose {word} totals of other rows, so that they must not be counted again?"
    if total.share < 1:
        words = f"Are the rows whose {word} a tax or a charge on other rows, so that they are no sales?"
    log.add_question(TOTAL_ROWS_KEY, words, ("yes", "no"), _described_rows(sheet, total), _lines_of_rows(sheet, total))


def _described_rows(sheet: Sheet, total: TotalRows) -> str:
    rows = len(rows_where(sheet, {total.column: total.words}))
    listed = " or ".join(f"“{cell_of_word(word)}”" for word in total.words[:3])
    subject, verb, them = ("the row", "has", "it") if rows == 1 else (f"the {rows:,} rows", "have", "them")
    place, part = f"{total.place} {them}", f"{100 * total.share:.3g}% of " if total.share < 1 else ""
    return f"{subject} whose {total.column} is {listed} {verb} {part}the sum of the {total.amount} of rows {place}"


def _lines_of_rows(sheet: Sheet, total: TotalRows) -> tuple[int, ...]:
    lines = sheet.columns[total.column].lines
    return tuple(lines[row] for row in sorted(rows_where(sheet, {total.column: total.words}))[:3] if lines[row])


def detect_balance_rows(sheet: Sheet, log: DetectionLog) -> dict[str, tuple[str, ...]]:
    """Header → cells such as Opening balance, whose rows are no sales, unless the answer `total_rows` keeps them."""
    names = balance_words()
    where = {name: tuple(w for w in column.words if w.casefold() in names) for name, column in sheet.columns.items()}
    where = {name: words for name, words in where.items() if words and log.answer(TOTAL_ROWS_KEY) != "no"}
    for name, words in where.items():
        lines = sheet.columns[name].first_lines(*words)
        log.add_finding(
            "ignore_where", f"{name}: {', '.join(words)}", "these rows are balances, not sales", LIKELY, lines
        )
    return where


def detect_not_goods(sheet: Sheet, log: DetectionLog) -> dict[str, tuple[str, ...]]:
    """Header → cells of rows that are left out. A file of which most rows are no goods is one of these alone."""
    ignored: dict[str, tuple[str, ...]] = {}
    for column in _product_columns(sheet, log):
        words = {word: kind for word in column.words if (kind := not_goods_kind(word))}
        if not words or sum(column.words[word] for word in words) > _MAX_SHARE * column.filled:
            continue
        leave = tuple(
            word_of_cell(word) for word, kind in words.items() if _is_left_out(sheet, column, word, kind, log)
        )
        if leave:
            ignored[column.name] = leave
    return ignored


def _product_columns(sheet: Sheet, log: DetectionLog) -> list[SampleColumn]:
    """The columns that may have the names of products, and those of the type of a line."""
    types = [column for name, column in sheet.columns.items() if _LINE_TYPE.fullmatch(name.strip())]
    return list({column.name: column for column in (*_named_products(sheet, log), *types)}.values())


def _named_products(sheet: Sheet, log: DetectionLog) -> list[SampleColumn]:
    answer = log.answers.get(f"column.{_PRODUCT_ROLE}", "")
    if answer and answer != NO_COLUMN:
        return [sheet.columns[answer]] if answer in sheet.columns else []
    return [
        column
        for name, column in sheet.columns.items()
        if any(match.role == _PRODUCT_ROLE for match in match_header(name))
    ]


def _is_left_out(sheet: Sheet, column: SampleColumn, word: str, kind: str, log: DetectionLog) -> bool:
    """Whether the rows of a word are left out; False while that is not answered, or if it is what was paid with."""
    rows = [row for row, cell in enumerate(column.cells) if cell == word]
    if kind != "shipping" and any(_has_negative_number(sheet, row) for row in rows):
        return False
    reason, usual = _LEFT_OUT_REASONS[kind]
    key = f"ignore.{word}"
    answer = log.answer(key)
    if answer is None:
        words = f"Are the rows of “{word}” in {column.name} left out?"
        evidence = f"{len(rows):,} of {column.filled:,} rows are no goods by this name; {reason}"
        log.add_question(key, words, ("yes", "no"), evidence, column.first_lines(word), default=usual)
    return answer == "yes"


def _has_negative_number(sheet: Sheet, row: int) -> bool:
    """Whether a row has a number below zero, as a voucher that was used."""
    cells = (column.cells[row].lstrip("($€£ ") for column in sheet.columns.values())
    return any(cell[:1] in {"-", "−", "△", "▲"} and cell[1:2].isdigit() for cell in cells)
