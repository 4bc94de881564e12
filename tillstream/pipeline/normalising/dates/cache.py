"""Parse the distinct texts of one date format; results are cached across the blocks of a file."""

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from tillstream.pipeline.normalising.dates.formats import DAY, MISSING, Reader, in_window, letters_of, reader
from tillstream.pipeline.rows.types import Ints

__all__ = ["DAY", "MISSING", "DateTexts", "is_simple", "text_reader"]

SIMPLE = frozenset("YymdHMS")
"""strptime directives for digits."""
_CACHE_SIZE = 200_000


class DateTexts:
    """Cached parser of one date format. reader: parses one text, raises `ValueError` if the format does not match."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._cache: dict[str, tuple[int, int]] = {}

    def read(self, words: Sequence[str]) -> tuple[Ints, Ints]:
        """Return local times and offsets, int64 (n,) each; MISSING where the format does not match the whole text."""
        if len(self._cache) > _CACHE_SIZE:
            self._cache = {}
        cache = self._cache
        pairs = np.array([cache.get(word) or self._add(cache, word) for word in words], np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _add(self, cache: dict[str, tuple[int, int]], word: str) -> tuple[int, int]:
        try:
            cache[word] = self._reader(word)
        except (ValueError, OverflowError):
            cache[word] = (MISSING, MISSING)
        return cache[word]


def is_simple(letters: Sequence[str], *, time_only: bool) -> bool:
    """Return True if all directives are digits, each part occurs once and, unless `time_only`, the date is complete."""
    parts = {letter.upper() if letter == "y" else letter for letter in letters}
    is_complete = time_only or {"Y", "m", "d"} <= parts
    return bool(letters) and is_complete and set(letters) <= SIMPLE and len(parts) == len(letters)


def text_reader(format: str, language: str, years_from: int, *, time_only: bool = False) -> Reader:
    """Return the parser of a format. Digit-only formats have a fast path, as times to the second rarely repeat."""
    letters = letters_of(format)
    if not is_simple(letters, time_only=time_only) or not format.isascii():
        return reader(format, language, years_from, time_only=time_only)
    literal = re.split(r"%.", format)
    shape = re.escape(literal[0])
    for i, letter in enumerate(letters):
        # Without a separator 2024111 is ambiguous, so adjacent parts need their full width.
        is_adjacent = (i > 0 and not literal[i]) or (i + 1 < len(letters) and not literal[i + 1])
        width = "{4}" if letter == "Y" else "{2}" if is_adjacent or letter == "y" else "{1,2}"
        shape += f"([0-9]{width})" + re.escape(literal[i + 1])
    match = re.compile(shape).fullmatch
    index = {letter.upper() if letter == "y" else letter: i for i, letter in enumerate(letters)}
    year, month, day, hour, minute, second = (index.get(letter, -1) for letter in "YmdHMS")
    two_digit_year, start = "y" in letters, date(1970, 1, 1).toordinal()

    def read(word: str) -> tuple[int, int]:
        matched = match(word)
        if matched is None:
            raise ValueError(word)
        parts = [*map(int, matched.groups()), 0]
        hours, minutes, seconds = parts[hour], parts[minute], parts[second]
        if hours > 23 or minutes > 59 or seconds > 59:
            raise ValueError(word)
        if year < 0:
            return (hours * 3600 + minutes * 60 + seconds) * 1_000_000, MISSING
        years = in_window(parts[year], years_from) if two_digit_year else parts[year]
        days = date(years, parts[month], parts[day]).toordinal() - start
        return days * DAY + (hours * 3600 + minutes * 60 + seconds) * 1_000_000, MISSING

    return read
