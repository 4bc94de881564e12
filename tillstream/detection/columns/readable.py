"""Measure how much of a column a contract can read."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

from tillstream.detection.columns.roles import NUMERIC
from tillstream.detection.sheet import Column
from tillstream.detection.values.numbers import pattern_of, shape_of
from tillstream.domain.contract.model import Contract

Reader = Callable[[Contract, str, list[str]], list[bool]]
"""(contract, sale-line column, distinct cells) → whether the contract can read each cell."""
_SAMPLE_SIZE = 300


def readable(contract: Contract, role: str, words: list[str]) -> list[bool]:
    """Default reader, based on the contract's styles only. The pipeline passes its own, stricter readers instead."""
    if role in NUMERIC or role == "source_version":
        return [_number(contract, word) for word in words]
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


def readable_share(contract: Contract, role: str, column: Column, reader: Reader) -> tuple[float, str]:
    """Share of the rows of sampled cells that can be read, and an unreadable example."""
    words = [word for word in _spread_sample(column.words) if word not in contract.missing]
    if not words:
        return 1.0, ""
    is_readable = reader(contract, role, words)
    unreadable = next((word for word, ok in zip(words, is_readable, strict=True) if not ok), "")
    rows = [column.words[word] for word in words]
    return sum(count for count, ok in zip(rows, is_readable, strict=True) if ok) / sum(rows), unreadable


def _spread_sample(words: dict[str, int]) -> Iterable[str]:
    """Sample evenly across the column, since the style may change in the middle."""
    return islice(words, 0, None, max(1, len(words) // _SAMPLE_SIZE))


def _number(contract: Contract, word: str) -> bool:
    style, shape = contract.numbers, shape_of(pattern_of(word))
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
