"""Detect number formats by the shapes of the cells, and the units after the numbers of a quantity."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from tillstream.detection.evidence import ASSUMED, CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import SampleColumn
from tillstream.model.money import CURRENCY_SIGNS

_OTHER_DIGITS = "０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९๐๑๒๓๔๕๖๗๘๙"
_DIGITS = str.maketrans("123456780" + _OTHER_DIGITS + "٫٬", "9" * (9 + len(_OTHER_DIGITS)) + ".,")
_ZERO = re.compile(r"^\D*0\D")
"""A lone zero before three digits is an integer part: in 0,125 the comma is the decimal separator."""
_MAX_MISSING_WORDS = 2
_PROBE = 100
"""Number of words probed across a column; without a number among them, the column is not numeric."""
_SPACES = " \u00a0\u202f\u2009"
_APOSTROPHES = "'’"
_SIGN = "|".join(re.escape(sign) for sign in sorted(CURRENCY_SIGNS, key=len, reverse=True))
_NUMBER = re.compile(
    rf"^(?P<open>\()?[-+−△▲]?[{_SPACES}]*(?P<left>{_SIGN})?[{_SPACES}]*[-+−△▲]?"
    rf"(?P<core>9(?:[9.,{_SPACES}{_APOSTROPHES}]*9)?|[.,]9+)(?P<power>[eE][-+]?9+)?"
    r"(?:(?P<whole>[.,])[-−‐-—]{1,2})?"
    rf"[{_SPACES}]*(?P<right>{_SIGN})?(?P<percent>%)?(?:[-−]|\))?$"
)

_PIECE_WORDS = (
    "pcs pc pce pieces piece stk stück st nos no units unit ea each x szt ks db kpl uds ud un und u pz pzas pza pièces"
    " pièce pce шт ед 個 個入 点 件 个 개 adet tk gab vnt kom buc бр τεμ חבילות יח قطعة"
)
_PIECES = frozenset(_PIECE_WORDS.split())
"""Words for one piece, which do not change the number."""
_NUMBER_AND_WORD = re.compile(r"^(?P<number>[-+−]?[\d.,]*\d)\s?(?P<word>[^\W\d_]{1,10}\.?)$")
_MIN_UNIT_SHARE = 0.8


@dataclass(frozen=True)
class NumberShape:
    """Format of a number. `decimal` and `thousands` are certain; `ambiguous` may be one or the other."""

    decimal: str = ""
    thousands: str = ""
    ambiguous: str = ""
    sign: str = ""
    percent: bool = False


@lru_cache(maxsize=20_000)
def shape_of(pattern: str) -> NumberShape | None:
    """Parse the pattern of a cell, with every digit as 9; None if it is not a number."""
    match = _NUMBER.match(pattern)
    if not match:
        return None
    separators = _separators_of(match["core"])
    if separators and match["whole"]:
        separators = _with_whole(*separators, match["whole"])
    return (
        NumberShape(*separators, match["left"] or match["right"] or "", bool(match["percent"])) if separators else None
    )


def _separators_of(core: str) -> tuple[str, str, str] | None:
    """The decimal, the thousands and the ambiguous separator of a number; None if they contradict each other."""
    parts = re.split(r"[^9]", core)
    separators = [_normalise_separator(separator) for separator in re.findall(r"[^9]", core)]
    if not separators:
        return "", "", ""
    last = separators[-1]
    groups = len(separators) - 1
    if len(set(separators)) > 2 or (groups and separators.count(last) < len(separators) and last in separators[:-1]):
        return None
    if len(set(separators)) == 2:
        return (last, separators[0], "") if last in ".," and _is_grouped(parts[:-1]) else None
    if groups or last not in ".,":
        return ("", last, "") if _is_grouped(parts) else None
    if len(parts[-1]) == 3 and 1 <= len(parts[0]) <= 3:
        return "", "", last
    return last, "", ""


def _with_whole(decimal: str, thousands: str, ambiguous: str, whole: str) -> tuple[str, str, str] | None:
    """The separators of a number with dashes instead of decimals, such as 39.-; None if it has decimals as well."""
    groups = thousands or ambiguous
    return None if decimal or groups == whole else (whole, groups, "")


def _normalise_separator(sign: str) -> str:
    return " " if sign in _SPACES else "'" if sign in _APOSTROPHES else sign


def _is_grouped(parts: list[str]) -> bool:
    """Whether the parts are groups of three digits, or of two before the last three, as in India."""
    first, *rest = parts
    if not 1 <= len(first) <= 3 or not rest or len(rest[-1]) != 3:
        return False
    return all(len(part) == 3 for part in rest) or (len(first) <= 2 and all(len(part) == 2 for part in rest[:-1]))


def pattern_of(cell: str) -> str:
    """Replace every digit of a cell by 9."""
    return cell.translate(_DIGITS)


def looks_like_number(cell: str) -> bool:
    """Whether a cell is a number, as in data but not in headers."""
    return shape_of(cell.translate(_DIGITS)) is not None


@dataclass
class NumberProfile:
    """Number format evidence of a column: each separator or sign with an example cell."""

    share: float
    """Share of numbers among the non-empty cells."""
    decimal: dict[str, str] = field(default_factory=dict)
    thousands: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, str] = field(default_factory=dict)
    signs: dict[str, str] = field(default_factory=dict)
    unparsed: list[str] = field(default_factory=list)
    percent: bool = False


def profile_numbers(column: SampleColumn) -> NumberProfile:
    """Profile a column; each shape is parsed once, since columns have many numbers but few shapes."""
    result = NumberProfile(0.0)
    probe = islice(column.words, 0, None, max(1, len(column.words) // _PROBE))
    if not any(looks_like_number(word) for word in probe):
        return result
    shapes: dict[str, list[Any]] = {}
    for word, count in column.words.items():
        entry = shapes.get(pattern := word.translate(_DIGITS))
        if entry is None:
            shapes[pattern] = [word, count]
        else:
            entry[1] += count
    parsed = 0
    for pattern, (word, count) in shapes.items():
        shape = shape_of(pattern)
        if shape is None:
            result.unparsed.append(word)
            continue
        parsed += count
        _record_shape(result, shape, word)
        if shape.ambiguous:
            fraction = next(
                (
                    candidate
                    for candidate in column.words
                    if candidate.translate(_DIGITS) == pattern and _ZERO.match(candidate)
                ),
                "",
            )
            if fraction:
                _record_shape(result, NumberShape(decimal=shape.ambiguous), fraction)
    counted = column.filled - _missing_word_count(column, result.unparsed)
    result.share = parsed / counted if counted and 5 * parsed >= column.filled else 0.0
    return result


def _missing_word_count(column: SampleColumn, unparsed: list[str]) -> int:
    """Number of cells with missing-value words, if there are at most two such words and none has digits."""
    words = [word for word in unparsed if not any(letter.isdigit() for letter in word)]
    return sum(column.words[word] for word in words) if len(words) == len(unparsed) <= _MAX_MISSING_WORDS else 0


def _record_shape(numbers: NumberProfile, shape: NumberShape, word: str) -> None:
    for signs, sign in (
        (numbers.decimal, shape.decimal),
        (numbers.thousands, shape.thousands),
        (numbers.ambiguous, shape.ambiguous),
        (numbers.signs, shape.sign),
    ):
        if sign:
            signs.setdefault(sign, word)
    numbers.percent |= shape.percent


@dataclass(frozen=True)
class DetectedNumberStyle:
    decimal: str
    thousands: str


def detect_number_style(
    number_columns: Iterable[tuple[SampleColumn, NumberProfile]], log: DetectionLog
) -> DetectedNumberStyle:
    """Detect the number style. Asks `decimal` if all cells are ambiguous, such as 1,234, or contradict each other."""
    proofs: dict[str, list[tuple[SampleColumn, str]]] = {".": [], ",": []}
    grouping: dict[str, tuple[SampleColumn, str]] = {}
    ambiguous: dict[str, tuple[SampleColumn, str]] = {}
    names: list[str] = []
    for column, numbers in number_columns:
        names.append(column.name)
        for sign, cell in numbers.decimal.items():
            proofs[sign].append((column, cell))
        for sign, cell in numbers.thousands.items():
            grouping.setdefault(sign, (column, cell))
            if sign in ".,":
                proofs["," if sign == "." else "."].append((column, cell))
        for sign, cell in numbers.ambiguous.items():
            ambiguous.setdefault(sign, (column, cell))
    decimal = log.answer("decimal")
    if decimal not in {".", ","}:
        decimal = _decimal_separator(proofs, ambiguous, names, log)
    other = "," if decimal == "." else "."
    thousands = next((sign for sign in grouping if sign != decimal), other if other in ambiguous else "")
    if thousands:
        column, cell = grouping.get(thousands) or ambiguous[thousands]
        log.add_finding("thousands", thousands, f"“{cell}” in {column.name}", LIKELY, column.first_lines(cell))
    return DetectedNumberStyle(decimal, thousands)


def _decimal_separator(
    proofs: dict[str, list[tuple[SampleColumn, str]]],
    ambiguous: dict[str, tuple[SampleColumn, str]],
    names: list[str],
    log: DetectionLog,
) -> str:
    sides = [sign for sign, cells in proofs.items() if cells]
    words = "Which character is the decimal separator?"
    if len(sides) == 2:
        pair = [proofs[sign][0] for sign in sides]
        evidence = " against ".join(f"“{cell}” in {column.name}" for column, cell in pair)
        log.add_question(
            "decimal", words, (".", ","), evidence, tuple(x for c, cell in pair for x in c.first_lines(cell))
        )
        return sides[0]
    if sides:
        column, cell = proofs[sides[0]][0]
        log.add_finding("decimal", sides[0], f"“{cell}” in {column.name}", CERTAIN, column.first_lines(cell))
        return sides[0]
    if ambiguous:
        column, cell = next(iter(ambiguous.values()))
        evidence = f"“{cell}” in {column.name} may be a number over a thousand, or a fraction of three digits"
        log.add_question("decimal", words, (".", ","), evidence, column.first_lines(cell))
        return "."
    listed = " and ".join(names)
    evidence = f"all sampled numbers of {listed} are whole" if listed else "no column is known to contain numbers"
    log.add_finding("decimal", ".", evidence, ASSUMED)
    return "."


def units_of_column(column: SampleColumn) -> tuple[str, ...]:
    """The words after the numbers of a column; empty if it has none, or words of different units such as kg and g."""
    words: dict[str, None] = {}
    counted = 0
    for cell, count in column.words.items():
        match = _NUMBER_AND_WORD.match(cell)
        if match and looks_like_number(match["number"]):
            words[match["word"]] = None
            counted += count
        elif looks_like_number(cell):
            counted += count
    units = {word.casefold().rstrip(".") for word in words} - _PIECES
    is_one_unit = not units or (len(units) == 1 and len(words) == 1)
    return tuple(sorted(words)) if is_one_unit and counted >= _MIN_UNIT_SHARE * column.filled else ()
