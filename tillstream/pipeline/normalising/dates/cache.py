"""Distinct texts of one date format, each read once and kept for the next blocks of a file."""

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from tillstream.pipeline.normalising.dates.formats import DAY, MISSING, Reader, in_window, letters_of, reader

__all__ = ["DAY", "MISSING", "DateTexts", "is_simple", "text_reader"]

SIMPLE = frozenset("YymdHMS")
"""strptime's letters that tell digits."""
_KEPT = 200_000

Ints = npt.NDArray[np.int64]


class DateTexts:
    """reader: what reads one text, and raises `ValueError` where it is not written so."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._kept: dict[str, tuple[int, int]] = {}

    def read(self, words: Sequence[str]) -> tuple[Ints, Ints]:
        """wall and offset, int64 (n,) each; MISSING where the format does not match the whole text."""
        if len(self._kept) > _KEPT:
            self._kept = {}
        kept = self._kept
        pairs = np.array([kept.get(word) or self._add(kept, word) for word in words], np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _add(self, kept: dict[str, tuple[int, int]], word: str) -> tuple[int, int]:
        try:
            kept[word] = self._reader(word)
        except (ValueError, OverflowError):
            kept[word] = (MISSING, MISSING)
        return kept[word]


def is_simple(letters: Sequence[str], *, time_only: bool) -> bool:
    """Digits only, each part once, and a whole date unless a time alone is wanted."""
    parts = {letter.upper() if letter == "y" else letter for letter in letters}
    whole = time_only or {"Y", "m", "d"} <= parts
    return bool(letters) and whole and set(letters) <= SIMPLE and len(parts) == len(letters)


def text_reader(format: str, language: str, years_from: int, *, time_only: bool = False) -> Reader:
    """The reader of a format; digits alone are several times faster here, which matters where a file tells seconds."""
    letters = letters_of(format)
    if not is_simple(letters, time_only=time_only) or not format.isascii():
        return reader(format, language, years_from, time_only=time_only)
    literal = re.split(r"%.", format)
    shape = re.escape(literal[0])
    for i, letter in enumerate(letters):
        # Without a sign between them, 2024111 could be two days: both neighbours need their full width.
        touching = (i > 0 and not literal[i]) or (i + 1 < len(letters) and not literal[i + 1])
        width = "{4}" if letter == "Y" else "{2}" if touching or letter == "y" else "{1,2}"
        shape += f"([0-9]{width})" + re.escape(literal[i + 1])
    match = re.compile(shape).fullmatch
    place = {letter.upper() if letter == "y" else letter: i for i, letter in enumerate(letters)}
    year, month, day, hour, minute, second = (place.get(letter, -1) for letter in "YmdHMS")
    short, start = "y" in letters, date(1970, 1, 1).toordinal()

    def read(word: str) -> tuple[int, int]:
        found = match(word)
        if found is None:
            raise ValueError(word)
        parts = [*map(int, found.groups()), 0]
        hours, minutes, seconds = parts[hour], parts[minute], parts[second]
        if hours > 23 or minutes > 59 or seconds > 59:
            raise ValueError(word)
        if year < 0:
            return (hours * 3600 + minutes * 60 + seconds) * 1_000_000, MISSING
        years = in_window(parts[year], years_from) if short else parts[year]
        days = date(years, parts[month], parts[day]).toordinal() - start
        return days * DAY + (hours * 3600 + minutes * 60 + seconds) * 1_000_000, MISSING

    return read
