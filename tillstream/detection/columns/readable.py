"""How much of a column a known contract can read."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

from tillstream.detection.columns.roles import NUMERIC
from tillstream.detection.sheet import Column
from tillstream.detection.values.numbers import pattern_of, shape_of
from tillstream.domain.contract.model import Contract

Reader = Callable[[Contract, str, list[str]], list[bool]]
"""(contract, column of a sale line, distinct cells) → for each cell whether the contract can read it."""
_WORDS = 300


def readable(contract: Contract, role: str, words: list[str]) -> list[bool]:
    """By the contract's styles alone. The pipeline's own readers are stricter; whoever has them gives them instead."""
    if role in NUMERIC or role == "source_version":
        return [_number(contract, word) for word in words]
    if role == "date":
        return [any(_date(word, one) for one in contract.dates.formats) for word in words]
    if role == "status":
        known = {word.strip().casefold() for word in contract.status.words}
        return [word.casefold() in known for word in words]
    if role == "currency":
        return [len(word) == 3 and word.isascii() and word.isupper() for word in words]
    if role in contract.allowed:
        return [word in contract.allowed[role] for word in words]
    return [True] * len(words)


def share(contract: Contract, role: str, column: Column, reader: Reader) -> tuple[float, str]:
    """The part of some distinct cells that can be read, and one that cannot."""
    words = [word for word in _some(column.words) if word not in contract.missing]
    if not words:
        return 1.0, ""
    read = reader(contract, role, words)
    wrong = next((word for word, good in zip(words, read, strict=True) if not good), "")
    return sum(read) / len(words), wrong


def _some(words: dict[str, int]) -> Iterable[str]:
    """From everywhere in the column: a change of style may begin in the middle."""
    return islice(words, 0, None, max(1, len(words) // _WORDS))


def _number(contract: Contract, word: str) -> bool:
    style, shape = contract.numbers, shape_of(pattern_of(word))
    if shape is None or shape.percent or (shape.sign and shape.sign not in style.currency_signs):
        return False
    one_way = shape.decimal in {"", style.decimal} and shape.thousands in {"", style.thousands}
    return one_way and shape.either in {"", style.decimal, style.thousands}


def _date(word: str, format_: str) -> bool:
    try:
        datetime.strptime(word, format_)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
