"""Find rows that repeat the amounts of other rows: totals of an order, a day, a store or the file.

The arithmetic is the proof: such rows have the sum of the rows between them. Words only support it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
import numpy.typing as npt

from tillstream.detection.arithmetic.money import to_float
from tillstream.detection.columns.number_columns import style_columns
from tillstream.detection.columns.roles import NUMERIC, Profile
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet, rows_where
from tillstream.detection.values import numbers
from tillstream.detection.words.footers import is_total_word, total_word_in
from tillstream.detection.words.headers import match_header
from tillstream.detection.words.status_words import status_of
from tillstream.domain.contract.ignored_cells import cell_of, word_of

KEY = "total_rows"
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

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


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


def decide(sheet: Sheet, profiles: Mapping[str, Profile], log: DetectionLog) -> dict[str, tuple[str, ...]]:
    """Header → cells of rows that are sums of other rows. Asks `total_rows` if no dictionary contains the word."""
    answer = log.answer(KEY)
    if answer == "no" or sheet.contiguous_rows < 2:
        return {}
    amounts = _amounts(sheet, profiles, log)
    labels = [
        one.column
        for name, one in profiles.items()
        if name and one.column.filled and one.numbers.share < 1 - _MIN_NUMBERS
    ]
    for column in labels:
        rows_of_words = _rows_of_words(column, sheet.contiguous_rows) if amounts else []
        for name, values in amounts.items():
            if total := _by_words(column, rows_of_words, name, values):
                return _accept(sheet, total, log)
    for column in labels:
        rows_of_cells = _rows_of_cells(column, min(sheet.contiguous_rows, _MAX_ROWS)) if amounts else {}
        for name, values in amounts.items():
            total = _by_sums(column, rows_of_cells, name, values) or _last_row(sheet, column, name, values)
            total = total or _by_shares(column, rows_of_cells, name, values)
            if total and not (all(map(status_of, total.words)) or _are_sales(sheet, column, total.words)):
                if answer == "yes":
                    return _accept(sheet, total, log)
                _ask(sheet, total, log)
                return {}
    return {}


def _are_sales(sheet: Sheet, column: Column, words: Sequence[str]) -> bool:
    """Whether the rows of the words fill all cells that other rows fill, and have sale numbers of their own."""
    marked = [word_of(cell) in words for cell in column.cells]
    columns = [one for name, one in sheet.columns.items() if name and one.filled >= marked.count(False) > 0]
    if not all(all(compress(one.cells, marked)) for one in columns):
        return False
    numbers = [one for one in columns if any(match.role == "sale_id" for match in match_header(one.name))]
    return any(all(one.words[cell] == 1 for cell in compress(one.cells, marked)) for one in numbers)


def _amounts(sheet: Sheet, profiles: Mapping[str, Profile], log: DetectionLog) -> dict[str, Ints]:
    """Header → thousandths (n,) of the consecutive rows, 0 for other cells; columns with decimals first."""
    columns = [
        one
        for one in profiles.values()
        if one.numbers.share >= _MIN_NUMBERS
        and not one.may_be_date
        and (one.numbers.decimal or any(match.role in NUMERIC for match in match_header(one.column.name)))
    ]
    columns.sort(key=lambda one: not one.numbers.decimal)
    names = {one.column.name: one for one in columns[:_MAX_COLUMNS]}
    style = numbers.decide(style_columns({}, names), DetectionLog(dict(log.answers)))
    return {name: _values(one.column.cells[: sheet.contiguous_rows], style) for name, one in names.items()}


def _values(cells: Sequence[str], style: numbers.NumberStyle) -> Ints:
    read = {cell: (to_float(cell, style) or 0.0) * _SCALE for cell in set(cells)}
    whole = {cell: round(value) if abs(value) < _MAX_VALUE else 0 for cell, value in read.items()}
    return np.array([whole[cell] for cell in cells], np.int64)


def _rows_of_words(column: Column, count: int) -> list[tuple[set[str], Mask]]:
    """The cells that contain a word such as Total, and their rows (n,) among the first `count`.

    Whole cells come first, because a longer text may be the name of a product.
    """
    cells = column.cells[:count]
    parts = {cell for cell in set(cells) if total_word_in(cell)}
    whole = {cell for cell in parts if is_total_word(cell)}
    return [(words, np.array([cell in words for cell in cells], np.bool_)) for words in (whole, parts) if words]


def _by_words(
    column: Column, rows_of_words: Sequence[tuple[set[str], Mask]], name: str, values: Ints
) -> TotalRows | None:
    """Rows with a word such as Total whose amount is the sum of all rows since an earlier one, or since the start."""
    for words, rows in rows_of_words:
        is_sum, summands = _sums_of_earlier(values, rows)
        if np.mean(is_sum) >= _MIN_SHARE and (is_sum & (summands > 1)).any():
            return TotalRows(column.name, _patterns(words), name)
    return None


def _sums_of_earlier(values: Ints, rows: Mask) -> tuple[Mask, Ints]:
    """bool (k,) whether each of the rows is a sum, and the number of rows (k,) since the row before it."""
    at = np.flatnonzero(rows)
    running = np.concatenate(([0], np.cumsum(np.where(rows, 0, values))))
    starts = np.concatenate(([0], running[at]))
    is_sum = np.array(
        [values[row] != 0 and running[row] - values[row] in starts[: index + 1] for index, row in enumerate(at)],
        np.bool_,
    )
    return is_sum, np.diff(at, prepend=-1) - 1


def _rows_of_cells(column: Column, count: int) -> dict[str, Ints]:
    """Cell → its rows among the first `count`."""
    places: dict[str, list[int]] = defaultdict(list)
    for row, cell in enumerate(column.cells[:count]):
        places[cell].append(row)
    return {cell: np.array(rows, np.int64) for cell, rows in places.items()}


def _by_sums(column: Column, rows_of_cells: Mapping[str, Ints], name: str, values: Ints) -> TotalRows | None:
    """The rows of a word that each are the sum of the rows since the last one, or of the rows until the next one."""
    words = list(rows_of_cells)
    codes = np.empty(sum(map(len, rows_of_cells.values())), np.int64)
    for code, rows in enumerate(rows_of_cells.values()):
        codes[rows] = code
    for place, step in (("above", 1), ("below", -1)):
        for code in _codes_of_sums(values[: len(codes)][::step], codes[::step]):
            if words[code]:
                return TotalRows(column.name, (word_of(words[code]),), name, place)
    return None


def _codes_of_sums(values: Ints, codes: Ints) -> list[int]:
    """The codes whose rows have the sum of the rows since the last row of the same code, or since the start."""
    rows = np.argsort(codes, kind="stable")
    is_first = np.diff(codes[rows], prepend=-1) != 0
    start = np.where(is_first, 0, np.roll(rows, 1) + 1)
    running, used = (np.concatenate(([0], np.cumsum(one))) for one in (values, values != 0))
    is_sum = (values[rows] != 0) & (running[rows] - running[start] == values[rows])
    several = is_sum & (used[rows] - used[start] > 1)
    counts, sums, proofs = (np.bincount(codes[rows], one) for one in (None, is_sum, several))
    return np.flatnonzero((counts >= _MIN_SUMS) & (sums >= _MIN_SHARE * counts) & (proofs >= _MIN_SUMS)).tolist()


def _by_shares(column: Column, rows_of_cells: Mapping[str, Ints], name: str, values: Ints) -> TotalRows | None:
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
            return TotalRows(column.name, (word_of(word),), name, share=share)
    return None


def _last_row(sheet: Sheet, column: Column, name: str, values: Ints) -> TotalRows | None:
    """The last row of the file, if it is the sum of all others and its word occurs nowhere else."""
    if not sheet.is_complete or sheet.contiguous_rows < sheet.rows or not values[-1]:
        return None
    word = column.cells[-1]
    is_sum = values[:-1].sum() == values[-1] and np.count_nonzero(values[:-1]) >= _MIN_SUMMANDS
    return TotalRows(column.name, (word_of(word),), name) if is_sum and word and column.words[word] == 1 else None


def _patterns(words: set[str]) -> tuple[str, ...]:
    """The words, or what several of them have in common: North Total and South Total are `* Total`."""
    groups: dict[str, list[str]] = {}
    for word in map(word_of, sorted(words)):
        groups.setdefault(_pattern(word), []).append(word)
    return tuple(pattern if len(group) > 1 else group[0] for pattern, group in groups.items())


def _pattern(word: str) -> str:
    total = total_word_in(word)
    if is_total_word(word):
        return word
    if word.endswith(f" {total}"):
        return f"* {total}"
    return f"{total} *" if word.startswith(f"{total} ") else word


def _accept(sheet: Sheet, total: TotalRows, log: DetectionLog) -> dict[str, tuple[str, ...]]:
    where = {total.column: total.words}
    evidence = f"{_described(sheet, total)}: totals, not sales"
    log.add_finding("ignore_where", f"{total.column}: {', '.join(total.words)}", evidence, LIKELY, _lines(sheet, total))
    return where


def _ask(sheet: Sheet, total: TotalRows, log: DetectionLog) -> None:
    word = f"{total.column} is “{cell_of(total.words[0])}”"
    words = f"Are the rows whose {word} totals of other rows, so that they must not be counted again?"
    if total.share < 1:
        words = f"Are the rows whose {word} a tax or a charge on other rows, so that they are no sales?"
    log.add_question(KEY, words, ("yes", "no"), _described(sheet, total), _lines(sheet, total))


def _described(sheet: Sheet, total: TotalRows) -> str:
    rows = len(rows_where(sheet, {total.column: total.words}))
    listed = " or ".join(f"“{cell_of(word)}”" for word in total.words[:3])
    subject, verb, them = ("the row", "has", "it") if rows == 1 else (f"the {rows:,} rows", "have", "them")
    place, part = f"{total.place} {them}", f"{100 * total.share:.3g}% of " if total.share < 1 else ""
    return f"{subject} whose {total.column} is {listed} {verb} {part}the sum of the {total.amount} of rows {place}"


def _lines(sheet: Sheet, total: TotalRows) -> tuple[int, ...]:
    lines = sheet.columns[total.column].lines
    return tuple(lines[row] for row in sorted(rows_where(sheet, {total.column: total.words}))[:3] if lines[row])
