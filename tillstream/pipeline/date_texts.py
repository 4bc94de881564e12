"""The pipeline room: distinct texts of one date format, each read once and kept for the next blocks of a file."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

DAY = 86_400_000_000
"""Microseconds of a day."""
MISSING = int(np.iinfo(np.int64).min)
SIMPLE = frozenset("YmdHMS")
"""strptime's letters that are read here without strptime."""
_KEPT = 200_000

Ints = npt.NDArray[np.int64]
Reader = Callable[[str], tuple[int, int]]
"""text → (wall-clock microseconds since 1970, offset from UTC in microseconds or MISSING); `ValueError`."""


class DateTexts:
    """epoch: the day, with a space, that stands before a format of a time alone."""

    def __init__(self, format: str, epoch: str = "") -> None:
        self._reader = _reader(format, epoch)
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
    whole = time_only or {"Y", "m", "d"} <= set(letters)
    return bool(letters) and whole and set(letters) <= SIMPLE and len(set(letters)) == len(letters)


def _reader(format: str, epoch: str) -> Reader:
    letters = re.findall(r"%(.)", format)
    if is_simple(letters, time_only=bool(epoch)):
        return _simple_reader(format, letters)

    def read(word: str) -> tuple[int, int]:
        # strptime takes any run of white space for one space.
        if " ".join(word.split()) != word:
            raise ValueError(word)
        moment = datetime.strptime(epoch + word, "%Y-%m-%d " * bool(epoch) + format)  # noqa: DTZ007 - wall clock
        offset = moment.utcoffset()
        wall = _micros(moment.replace(tzinfo=None))
        return wall, MISSING if offset is None else round(offset.total_seconds() * 1_000_000)

    return read


def _simple_reader(format: str, letters: Sequence[str]) -> Reader:
    """Digits only: several times faster than strptime, which matters where a file tells seconds."""
    literal = re.split(r"%.", format)
    shape = re.escape(literal[0])
    for i, letter in enumerate(letters):
        # Without a sign between them, 2024111 could be two days: both neighbours need their full width.
        touching = (i > 0 and not literal[i]) or (i + 1 < len(letters) and not literal[i + 1])
        width = "{4}" if letter == "Y" else "{2}" if touching else "{1,2}"
        shape += f"([0-9]{width})" + re.escape(literal[i + 1])
    match = re.compile(shape).fullmatch
    place = {letter: i for i, letter in enumerate(letters)}
    year, month, day, hour, minute, second = (place.get(letter, -1) for letter in "YmdHMS")
    start = date(1970, 1, 1).toordinal()

    def read(word: str) -> tuple[int, int]:
        found = match(word)
        if found is None:
            raise ValueError(word)
        parts = [*map(int, found.groups()), 0]
        hours, minutes, seconds = parts[hour], parts[minute], parts[second]
        if hours > 23 or minutes > 59 or seconds > 59:
            raise ValueError(word)
        days = date(parts[year], parts[month], parts[day]).toordinal() - start if year >= 0 else 0
        return days * DAY + (hours * 3600 + minutes * 60 + seconds) * 1_000_000, MISSING

    return read


def _micros(moment: datetime) -> int:
    since = moment - datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
