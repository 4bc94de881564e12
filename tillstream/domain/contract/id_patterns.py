"""Patterns of IDs, such as TS-000000: text around a number of at least as many digits as the pattern has zeros."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

_PARTS = re.compile(r"([^0-9]*)([0-9]+)([^0-9]*)")
_ZEROS_BEHIND = re.compile(r"(?<=[0-9])[.,]0{1,2}$")
"""A decimal part that is not the last group of thousands."""
_BETWEEN = r"[^\pL\pN]*"


@dataclass(frozen=True)
class IdPattern:
    """How the IDs of a column are written."""

    prefix: str
    least_digits: int
    suffix: str

    @classmethod
    def parse(cls, text: str) -> "IdPattern":
        """Raises `ValueError` if the text is no pattern."""
        parts = _PARTS.fullmatch(text)
        if not parts or parts[2].strip("0"):
            raise ValueError(f"the pattern {text!r} must contain zeros for the digits of the ID, and no other digits")
        return cls(parts[1], len(parts[2]), parts[3])

    @classmethod
    def common(cls, ids: Collection[str]) -> "IdPattern | None":
        """The pattern of all these IDs; None if they have none in common."""
        parts = [_PARTS.fullmatch(text) for text in ids]
        around = {(one[1], one[3]) for one in parts if one}
        if len(around) != 1 or not all(parts):
            return None
        numbers = [one[2] for one in parts if one]
        with_zeros = any(number.startswith("0") and len(number) > 1 for number in numbers)
        ((prefix, suffix),) = around
        return cls(prefix, min(map(len, numbers)) if with_zeros else 1, suffix)

    @property
    def letters(self) -> tuple[str, str]:
        """What must precede and follow the digits of an ID in any spelling."""
        return _letters(self.prefix), _letters(self.suffix)

    @property
    def expression(self) -> str:
        """Regular expression of all spellings of an ID without spaces, in the dialect of RE2."""
        before, after = ("".join(f"{re.escape(letter)}{_BETWEEN}" for letter in one) for one in self.letters)
        return f"^(?i:{_BETWEEN}{before})0*(?P<digits>[0-9]+?)(?:[.,]0{{1,2}})?(?i:{_BETWEEN}{after})$"

    def __str__(self) -> str:
        return f"{self.prefix}{'0' * self.least_digits}{self.suffix}"


def patterns_of(ids: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """The patterns with which other spellings become these IDs; empty if there are none."""
    first = IdPattern.common(ids)
    second = IdPattern.common([_ZEROS_BEHIND.sub("", "".join(_narrow(text).split())) for text in others])
    if not (first and second):
        return ()
    same = tuple(map(str.casefold, first.letters)) == tuple(map(str.casefold, second.letters))
    return (str(first),) if same else (str(first), str(IdPattern(second.prefix, 1, second.suffix)))


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _letters(text: str) -> str:
    return "".join(letter for letter in _narrow(text) if letter.isalpha())
