"""The pipeline room: dates as a source writes them → local wall-clock time, by the contract's formats."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.date_texts import MISSING, DateTexts
from tillstream.pipeline.fixed_dates import FixedDates
from tillstream.pipeline.text import flags

_CLOCK = frozenset("HIpMSfzXZ")
"""strptime's letters that tell a time."""
_FEW = 500
"""So few distinct texts are read whole; cutting them into date and time would cost more."""
_SAMPLE = 2_000

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Read:
    """wall: int64 (n,) local microseconds since 1970, MISSING where unreadable or NULL; offset: int64 (n,), the text's
    own offset from UTC where it gives one, else MISSING; timed: bool (n,), whether the format that was read has a time
    (of no meaning where the wall is MISSING)."""

    wall: Ints
    offset: Ints
    timed: npt.NDArray[np.bool_]


def read_dates(text: pa.Array, formats: tuple[str, ...]) -> Read:
    """text: string (n,), trimmed, NULL for missing. Formats are tried in order, each against the whole text."""
    words, index = _words(text)
    wall = np.full(len(words) + 1, MISSING)
    offset = wall.copy()
    timed = np.zeros(len(words) + 1, np.bool_)
    left = np.arange(len(words))
    for one in formats:
        if not len(left):
            break
        style = _style(one)
        found_wall, found_offset = style.read(words if len(left) == len(words) else words.take(pa.array(left)))
        wall[left], offset[left], timed[left] = found_wall, found_offset, style.timed
        left = left[found_wall == MISSING]
    return Read(wall[index], offset[index], timed[index])


def readable(text: pa.Array, read: Read) -> npt.NDArray[np.bool_]:
    """bool (n,): False where a text is there that no format reads."""
    known: npt.NDArray[np.bool_] = read.wall != MISSING
    return np.logical_or(known, flags(pc.is_null(text)))


def example(formats: tuple[str, ...]) -> str:
    """The last minute of 2026 as the formats write it, for a person who has to write a date."""
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    return " or ".join(moment.strftime(one) for one in formats)


def _words(text: pa.Array) -> tuple[pa.Array, Ints | slice]:
    """Texts to read and for each row its place among them, the place after the last for NULL."""
    sample = text[:_SAMPLE]
    if len(sample.unique()) > _SAMPLE // 2:
        # Nearly all differ: looking for equal ones would cost more than it saves.
        if not text.null_count:
            return text, slice(len(text))
        valid = flags(pc.is_valid(text))
        return text.drop_null(), np.where(valid, np.cumsum(valid) - 1, int(valid.sum()))
    encoded = text.dictionary_encode()
    return encoded.dictionary, pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy()


class _Style:
    """One strptime format. Texts all of one width are read digit by digit over all rows at once; others are cut into
    date and time, as each half has few distinct values."""

    def __init__(self, format: str) -> None:
        letters = re.findall(r"%(.)", format)
        self.timed = not _CLOCK.isdisjoint(letters)
        self._fixed = FixedDates.of(format)
        self._whole = DateTexts(format)
        self._halves: tuple[DateTexts, FixedDates | None, DateTexts] | None = None
        self._sign = next((text for text in re.split(r"%.", format) if text), "")
        cut = next((i for i in range(1, len(format)) if format[i - 1] == "%" and format[i] in _CLOCK), 2) - 1
        day, self._mark, clock = format[: cut - 1], format[cut - 1 : cut], format[cut:]
        self._from_right = self._mark in day
        apart = self._mark in {" ", "T"} and "%" in day and _CLOCK.isdisjoint(re.findall(r"%(.)", day))
        if apart and _CLOCK.issuperset(re.findall(r"%(.)", clock)) and not (self._from_right and self._mark in clock):
            self._halves = DateTexts(day), FixedDates.of(clock), DateTexts(clock, epoch="1970-01-01 ")
            self._sign = self._mark

    def read(self, words: pa.Array) -> tuple[Ints, Ints]:
        """words: string (n,) without NULL. wall and offset, int64 (n,) each."""
        found = self._fixed.read(words) if self._fixed else None
        if found is not None:
            return found, np.full(len(words), MISSING)
        if len(words) < _FEW:
            return _distinct(self._whole, words)
        # A text without the format's own sign is quickly seen to be written in another one.
        marked = flags(pc.match_substring(words, self._sign))
        if marked.all():
            return self._read_many(words)
        wall, offset = np.full(len(words), MISSING), np.full(len(words), MISSING)
        wall[marked], offset[marked] = self._read_many(words.filter(pa.array(marked)))
        return wall, offset

    def _read_many(self, words: pa.Array) -> tuple[Ints, Ints]:
        if self._halves is None:
            return _distinct(self._whole, words)
        day_part, fixed_clock, clock_part = self._halves
        pieces = pc.split_pattern(words, self._mark, max_splits=1, reverse=self._from_right).flatten()
        day, _ = _distinct(day_part, pieces.take(pa.array(np.arange(0, len(pieces), 2))))
        times = pieces.take(pa.array(np.arange(1, len(pieces), 2)))
        found = fixed_clock.read(times) if fixed_clock else None
        clock, offset = _distinct(clock_part, times) if found is None else (found, np.full(len(words), MISSING))
        bad = (day == MISSING) | (clock == MISSING)
        return np.where(bad, MISSING, day + clock), np.where(bad, MISSING, offset)


def _distinct(texts: DateTexts, words: pa.Array) -> tuple[Ints, Ints]:
    encoded = words.dictionary_encode()
    wall, offset = texts.read(encoded.dictionary.to_pylist())
    index = encoded.indices.to_numpy()
    return wall[index], offset[index]


@lru_cache(maxsize=64)
def _style(format: str) -> _Style:
    """Kept, so that the blocks of a file share what was read."""
    return _Style(format)
