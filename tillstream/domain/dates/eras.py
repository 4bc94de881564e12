"""Dates whose years are counted from other eras: Buddhist years (2569) and Japanese eras (令和8年, R8)."""

import re
import unicodedata
from collections.abc import Callable
from typing import Literal

Era = Literal["", "buddhist", "japanese"]
ERAS: tuple[Era, ...] = ("buddhist", "japanese")
_BUDDHIST_START = 543
_JAPANESE_STARTS = {"令和": 2018, "平成": 1988, "昭和": 1925, "㋿": 2018, "R": 2018, "H": 1988, "S": 1925}
"""Era → the year before its first."""
_BUDDHIST_YEAR = re.compile(r"(?<![0-9])2[456][0-9]{2}(?![0-9])")
_JAPANESE_YEAR = re.compile(r"^(令和|平成|昭和|㋿|[RHSrhs])\s?([0-9]{1,2}|元)(?=[年./-])")


def gregorian(text: str, era: Era) -> str:
    """Return the text of a date with its year in the common calendar; other texts unchanged."""
    return _CONVERTERS[era](text) if era else text


def ascii_digits(text: str) -> str:
    """Return the text with decimal digits of other scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(sign if (digit := unicodedata.decimal(sign, None)) is None else str(digit) for sign in text)


def era_of(text: str) -> Era:
    """The era of a date; empty if its year may be of the common calendar."""
    return next((era for era in ERAS if gregorian(text, era) != text), "")


def _from_buddhist(text: str) -> str:
    return _BUDDHIST_YEAR.sub(lambda year: str(int(year[0]) - _BUDDHIST_START), text, count=1)


def _from_japanese(text: str) -> str:
    def year(match: re.Match[str]) -> str:
        number = 1 if match[2] == "元" else int(match[2])
        return str(_JAPANESE_STARTS[match[1].upper()] + number)

    return _JAPANESE_YEAR.sub(year, text)


_CONVERTERS: dict[str, Callable[[str], str]] = {"buddhist": _from_buddhist, "japanese": _from_japanese}
