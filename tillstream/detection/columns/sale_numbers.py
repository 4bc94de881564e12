"""Find columns that may be the sale number by their cells: dense, unique or in blocks of equal rows, and in order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tillstream.detection.sheet import Column, Sheet, without_repetitions
from tillstream.detection.values import date_profile
from tillstream.detection.values.numbers import profile
from tillstream.detection.words.headers import is_irrelevant_header

_MIN_ROWS, _MOST, _MAX_CANDIDATES = 5, 0.95, 3
_MIN_LENGTH = 3
_LEAST_PADDED, _LEAST_STEPS = 3, 2
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Candidate:
    name: str
    evidence: str
    lines: tuple[int, ...]


def candidates(sheet: Sheet, roles: Mapping[str, str]) -> tuple[Candidate, ...]:
    """Columns without a role that may be the sale number, as their values ascend or descend."""
    ordered = [(column, blocks, order) for blocks, column in _possible(sheet, roles) if (order := _order(blocks))]
    return tuple(_candidate(*one, sheet.rows) for one in ordered[:_MAX_CANDIDATES])


def unordered(sheet: Sheet, roles: Mapping[str, str]) -> tuple[str, ...]:
    """Columns without a role that may be the sale number, although their values are in no order."""
    names = [column.name for blocks, column in _possible(sheet, roles) if not _order(blocks)]
    return tuple(names[:_MAX_CANDIDATES])


def _possible(sheet: Sheet, roles: Mapping[str, str]) -> list[tuple[list[str], Column]]:
    if sheet.rows < _MIN_ROWS:
        return []
    free = [column for name, column in sheet.columns.items() if name and name not in roles.values()]
    return [(without_repetitions(column.cells), column) for column in free if _may_be_number(column, sheet.rows)]


def better_than_counter(sheet: Sheet, roles: Mapping[str, str]) -> Candidate | None:
    """The column that may be the sale number if that of the sale id only counts the rows; None if it does not."""
    counted = (str(row) for row in range(1, sheet.rows + 1))
    if any(cell != number for cell, number in zip(sheet.columns[roles["sale_id"]].cells, counted, strict=True)):
        return None
    return next((one for one in candidates(sheet, roles) if len(sheet.columns[one.name].words) < sheet.rows), None)


def with_and_without_zeros(column: Column) -> tuple[str, ...]:
    """The numbers with leading zeros that are written without them as well; empty if there are only a few."""
    padded = tuple(word for word in column.words if word[0] == "0" and word.lstrip("0") in column.words)
    return padded if len(padded) >= _LEAST_PADDED else ()


def _may_be_number(column: Column, rows: int) -> bool:
    """Whether the cells may be numbers of sales: all filled, with digits, no amounts, days or row counts."""
    words = column.words
    if column.filled < rows or len(words) < rows / 4 or is_irrelevant_header(column.name):
        return False
    if not all(any(letter.isdigit() for letter in word) for word in words):
        return False
    numbers = profile(column)
    if numbers.decimal or numbers.signs or numbers.percent or min(map(len, words)) < _MIN_LENGTH:
        return False
    is_block = len(without_repetitions(column.cells)) == len(words)
    return is_block and date_profile.profile(column, few=True).share < 1 - _MOST


def _order(blocks: Sequence[str]) -> str:
    """`ascends` or `descends` for numbers that do, as texts or by their last digits, as INV-1002 and CN-1003."""
    digits = [_DIGITS.findall(block)[-1] for block in blocks]
    for texts in (blocks, digits):
        keys = [(len(text), text) for text in texts]
        up = sum(after > before for before, after in pairwise(keys))
        down = sum(after < before for before, after in pairwise(keys))
        if len(keys) > _LEAST_STEPS and max(up, down) >= _MOST * (len(keys) - 1):
            return "ascends" if up > down else "descends"
    return ""


def _candidate(column: Column, blocks: list[str], order: str, rows: int) -> Candidate:
    how = f"differs in all {rows:,}" if len(blocks) == rows else f"has {len(blocks):,} values in blocks of the {rows:,}"
    evidence = f"{column.name} is filled, {how} sampled rows and {order}, as a sale number does"
    return Candidate(column.name, evidence, column.first_lines(*blocks[:2]))
