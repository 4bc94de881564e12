"""Measure how much of a column a contract can read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from tillstream.detection.columns.roles import NUMERIC
from tillstream.detection.sheet import Column
from tillstream.detection.values.numbers import pattern_of, shape_of
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.number_style import NumberStyle

Reader = Callable[[Contract, str, list[str]], list[bool]]
"""(contract, sale-line column, distinct cells) → whether the contract can read each cell."""
_SAMPLE_SIZE = 300
SAME_SOURCE = 0.95
"""A file of which this share of the rows can be read comes from the source of the contract."""


@dataclass(frozen=True)
class Readability:
    """How much of a column a contract can read, by a sample of its cells."""

    rows: int
    unreadable: int
    """Number of these rows that cannot be read."""
    example: str
    """An unreadable cell, or empty."""

    @property
    def share(self) -> float:
        return 1 - self.unreadable / self.rows if self.rows else 1.0

    def shows_source(self, contract: Contract) -> bool:
        """Whether the column is one of the contract's source; one bad cell among others is a problem of its row."""
        least = min(SAME_SOURCE, 1 - contract.refused_threshold)
        return self.share >= least or (self.unreadable == 1 and self.rows > 2)


def readable(contract: Contract, role: str, words: list[str]) -> list[bool]:
    """Default reader, based on the contract's styles only. The pipeline passes its own, stricter readers instead."""
    if role in NUMERIC or role == "source_version":
        return [any(_number(style, word) for style in contract.numbers.styles) for word in words]
    if role == "date":
        return [any(_date(word, format_) for format_ in contract.dates.formats) for word in words]
    if role == "status":
        mapped = {word.strip().casefold() for word in contract.status.words}
        return [word.casefold() in mapped for word in words]
    if role == "currency":
        return [len(word) == 3 and word.isascii() and word.isupper() for word in words]
    if role in contract.allowed:
        return [word in contract.allowed[role] for word in words]
    return [True] * len(words)


def readability(contract: Contract, role: str, column: Column, reader: Reader) -> Readability:
    """Read sampled cells of a column with a contract."""
    words = [word for word in _spread_sample(column.words) if word not in contract.missing]
    is_readable = reader(contract, role, words) if words else []
    unreadable = [word for word, ok in zip(words, is_readable, strict=True) if not ok]
    rows, bad = (sum(column.words[word] for word in some) for some in (words, unreadable))
    return Readability(rows, bad, unreadable[0] if unreadable else "")


def unreadable_cells(contract: Contract, role: str, column: Column, reader: Reader) -> Column:
    """The column with only the cells that a contract cannot read; the others are empty."""
    words = [word for word in column.words if word not in contract.missing]
    is_readable = reader(contract, role, words) if words else []
    unreadable = {word for word, ok in zip(words, is_readable, strict=True) if not ok}
    return replace(column, cells=tuple(cell if cell in unreadable else "" for cell in column.cells))


def _spread_sample(words: dict[str, int]) -> Iterable[str]:
    """Sample evenly across the column, since the style may change in the middle."""
    return islice(words, 0, None, max(1, len(words) // _SAMPLE_SIZE))


def _number(style: NumberStyle, word: str) -> bool:
    shape = shape_of(pattern_of(word))
    if shape is None or shape.percent or (shape.sign and shape.sign not in style.currency_signs):
        return False
    fits_style = shape.decimal in {"", style.decimal} and shape.thousands in {"", style.thousands}
    return fits_style and shape.ambiguous in {"", style.decimal, style.thousands}


def _date(word: str, format_: str) -> bool:
    try:
        datetime.strptime(word, format_)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
