"""How numbers are written, told by the shapes of the cells."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from tillstream.detection.evidence import ASSUMED, CERTAIN, LIKELY, Told
from tillstream.detection.sheet import Column

_DIGITS = str.maketrans("123456780０１２３４５６７８９", "9" * 19)
_ZERO = re.compile(r"^\D*0\D")
"""A lone zero before three digits is a whole part: 0,125 has a decimal sign."""
_BLANKS = 2
_PROBE = 100
"""Of so many words from everywhere in a column at least one is a number, or it is none of numbers."""
_SPACES = " \u00a0\u202f\u2009"
_APOSTROPHES = "'’"
SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "Rs.": "INR",
    "Rs": "INR",
    "R$": "BRL",
    "$": "",
    "US$": "USD",
    "¥": "",
    "￥": "",
    "円": "JPY",
    "zł": "PLN",
    "Fr.": "CHF",
    "CHF": "CHF",
    "EUR": "EUR",
    "USD": "USD",
    "GBP": "GBP",
    "INR": "INR",
    "JPY": "JPY",
    "BRL": "BRL",
    "kr": "",
    "kr.": "",
    "₽": "RUB",
    "₩": "KRW",
    "₺": "TRY",
    "฿": "THB",
    "₫": "VND",
    "₴": "UAH",
    "₪": "ILS",
    "C$": "CAD",
    "A$": "AUD",
}
"""Sign beside a number → its currency; empty where several use it."""
_SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
_NUMBER = re.compile(
    rf"^(?P<open>\()?[-+−]?(?P<left>{_SIGN})?[{_SPACES}]*[-+−]?"
    rf"(?P<core>9(?:[9.,{_SPACES}{_APOSTROPHES}]*9)?|[.,]9+)(?P<power>[eE][-+]?9+)?"
    rf"[{_SPACES}]*(?P<right>{_SIGN})?(?P<percent>%)?(?:-|\))?$"
)


@dataclass(frozen=True)
class Shape:
    """What a number's shape tells. `decimal` and `thousands` are proved; `either` could be one or the other."""

    decimal: str = ""
    thousands: str = ""
    either: str = ""
    sign: str = ""
    percent: bool = False


@lru_cache(maxsize=20_000)
def shape_of(pattern: str) -> Shape | None:
    """pattern: the cell with every digit as 9. None where that is no number."""
    found = _NUMBER.match(pattern)
    if not found:
        return None
    core, sign, percent = found["core"], found["left"] or found["right"] or "", bool(found["percent"])
    parts = re.split(r"[^9]", core)
    signs = [_alike(one) for one in re.findall(r"[^9]", core)]
    decimal, thousands, either = "", "", ""
    if signs:
        last = signs[-1]
        groups = len(signs) - 1
        if len(set(signs)) > 2 or (groups and signs.count(last) < len(signs) and last in signs[:-1]):
            return None
        if len(set(signs)) == 2:
            if last not in ".," or not _grouped(parts[:-1]):
                return None
            decimal, thousands = last, signs[0]
        elif groups or last not in ".,":
            if not _grouped(parts):
                return None
            thousands = last
        elif len(parts[-1]) == 3 and 1 <= len(parts[0]) <= 3:
            either = last
        else:
            decimal = last
    return Shape(decimal, thousands, either, sign, percent)


def _alike(sign: str) -> str:
    return " " if sign in _SPACES else "'" if sign in _APOSTROPHES else sign


def _grouped(parts: list[str]) -> bool:
    """Groups of three, or of two before the last three as in India."""
    first, *rest = parts
    if not 1 <= len(first) <= 3 or not rest or len(rest[-1]) != 3:
        return False
    return all(len(part) == 3 for part in rest) or (len(first) <= 2 and all(len(part) == 2 for part in rest[:-1]))


def pattern_of(cell: str) -> str:
    """The cell with every digit as 9."""
    return cell.translate(_DIGITS)


def looks_written(cell: str) -> bool:
    """Whether a cell holds a number, as data does and names do not."""
    return shape_of(cell.translate(_DIGITS)) is not None


@dataclass
class Numbers:
    """What the numbers of one column tell: a cell for each thing seen."""

    share: float
    """Of the cells that hold something."""
    decimal: dict[str, str] = field(default_factory=dict)
    thousands: dict[str, str] = field(default_factory=dict)
    either: dict[str, str] = field(default_factory=dict)
    signs: dict[str, str] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    percent: bool = False


def look(column: Column) -> Numbers:
    """Each shape once: a column has thousands of numbers and few shapes."""
    numbers = Numbers(0.0)
    probe = islice(column.words, 0, None, max(1, len(column.words) // _PROBE))
    if not any(looks_written(word) for word in probe):
        return numbers
    shapes: dict[str, list[Any]] = {}
    for word, count in column.words.items():
        known = shapes.get(pattern := word.translate(_DIGITS))
        if known is None:
            shapes[pattern] = [word, count]
        else:
            known[1] += count
    good = 0
    for pattern, (word, count) in shapes.items():
        shape = shape_of(pattern)
        if shape is None:
            numbers.strange.append(word)
            continue
        good += count
        _note(numbers, shape, word)
        if shape.either:
            fraction = next((one for one in column.words if one.translate(_DIGITS) == pattern and _ZERO.match(one)), "")
            if fraction:
                _note(numbers, Shape(decimal=shape.either), fraction)
    rest = column.filled - _blanks(column, numbers.strange)
    numbers.share = good / rest if rest and 5 * good >= column.filled else 0.0
    return numbers


def _blanks(column: Column, strange: list[str]) -> int:
    """How often a word without digits stands in the place of a number, where these are one or two words."""
    words = [word for word in strange if not any(letter.isdigit() for letter in word)]
    return sum(column.words[word] for word in words) if len(words) == len(strange) <= _BLANKS else 0


def _note(numbers: Numbers, shape: Shape, word: str) -> None:
    for signs, sign in (
        (numbers.decimal, shape.decimal),
        (numbers.thousands, shape.thousands),
        (numbers.either, shape.either),
        (numbers.signs, shape.sign),
    ):
        if sign:
            signs.setdefault(sign, word)
    numbers.percent |= shape.percent


@dataclass(frozen=True)
class Style:
    decimal: str
    thousands: str


def decide(seen: Iterable[tuple[Column, Numbers]], told: Told) -> Style:
    """Asks `decimal` where only cells such as 1,234 are there, or where the cells contradict each other."""
    proofs: dict[str, list[tuple[Column, str]]] = {".": [], ",": []}
    grouping: dict[str, tuple[Column, str]] = {}
    open_: dict[str, tuple[Column, str]] = {}
    for column, numbers in seen:
        for sign, cell in numbers.decimal.items():
            proofs[sign].append((column, cell))
        for sign, cell in numbers.thousands.items():
            grouping.setdefault(sign, (column, cell))
            if sign in ".,":
                proofs["," if sign == "." else "."].append((column, cell))
        for sign, cell in numbers.either.items():
            open_.setdefault(sign, (column, cell))
    decimal = told.answer("decimal")
    if decimal not in {".", ","}:
        decimal = _proved(proofs, open_, told)
    other = "," if decimal == "." else "."
    thousands = next((sign for sign in grouping if sign != decimal), other if other in open_ else "")
    if thousands:
        column, cell = grouping.get(thousands) or open_[thousands]
        told.find("thousands", thousands, f"“{cell}” in {column.name}", LIKELY, column.line_of(cell))
    return Style(decimal, thousands)


def _proved(proofs: dict[str, list[tuple[Column, str]]], open_: dict[str, tuple[Column, str]], told: Told) -> str:
    sides = [sign for sign, cells in proofs.items() if cells]
    words = "Which sign stands before the fraction?"
    if len(sides) == 2:
        pair = [proofs[sign][0] for sign in sides]
        evidence = " against ".join(f"“{cell}” in {column.name}" for column, cell in pair)
        told.ask("decimal", words, (".", ","), evidence, tuple(x for c, cell in pair for x in c.line_of(cell)))
        return sides[0]
    if sides:
        column, cell = proofs[sides[0]][0]
        told.find("decimal", sides[0], f"“{cell}” in {column.name}", CERTAIN, column.line_of(cell))
        return sides[0]
    if open_:
        column, cell = next(iter(open_.values()))
        evidence = f"“{cell}” in {column.name} may be a thousand and more, or a fraction of three digits"
        told.ask("decimal", words, (".", ","), evidence, column.line_of(cell))
        return "."
    told.find("decimal", ".", "every number looked at is whole", ASSUMED)
    return "."
