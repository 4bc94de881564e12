"""One date format over a whole column of distinct texts."""

import re
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.dates.cache import DateTexts, text_reader
from tillstream.pipeline.normalising.dates.fixed_width import FixedDates
from tillstream.pipeline.normalising.dates.formats import MISSING, letters_of
from tillstream.pipeline.normalising.dates.iso_and_serial import EXCEL, iso_text, iso_timed, serial_dates
from tillstream.pipeline.rows.text_column import flags

CLOCK = frozenset("HIpMSfzXZ")
"""strptime's letters that tell a time."""
_FEW = 500
"""So few distinct texts are read whole; cutting them into date and time would cost more."""
_MARKS = frozenset(" T_")
"""What may stand between a date and its time."""

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class DateColumn(Protocol):
    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        """words: string (n,) without NULL. Wall, offset (MISSING where there is none) and whether a time is told."""
        ...


class SerialColumn:
    """The day numbers of spreadsheets."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, timed = serial_dates(words, self._kind)
        return wall, np.full(len(words), MISSING), timed


class IsoColumn:
    """ISO 8601, which means one thing only and is taken from every source."""

    def __init__(self) -> None:
        self._texts = DateTexts(iso_text)

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, offset = _distinct(self._texts, words)
        return wall, offset, iso_timed(words)


class FormatColumn:
    """One strptime format. Texts all of one width are read digit by digit over all rows at once; others are cut into
    date and time, as each half has few distinct values. time_only: the format tells no day."""

    def __init__(self, format: str, language: str, years_from: int, *, time_only: bool = False) -> None:
        self._timed = not CLOCK.isdisjoint(letters_of(format))
        self._fixed = FixedDates.of(format, years_from)
        self._whole = DateTexts(text_reader(format, language, years_from, time_only=time_only))
        self._halves: tuple[DateTexts, FixedDates | None, DateTexts] | None = None
        # Case makes no difference to a reader, so only a sign without it can tell texts apart.
        literals = [text for text in re.split(r"%.", format) if text and text.lower() == text.upper()]
        self._sign = literals[0] if literals else ""
        cut = next((i for i in range(1, len(format)) if format[i - 1] == "%" and format[i] in CLOCK), 2) - 1
        day, self._mark, clock = format[: cut - 1], format[cut - 1 : cut], format[cut:]
        self._from_right = self._mark in day
        apart = self._mark in _MARKS and "%" in day and CLOCK.isdisjoint(letters_of(day))
        if apart and CLOCK.issuperset(letters_of(clock)) and not (self._from_right and self._mark in clock):
            self._halves = (
                DateTexts(text_reader(day, language, years_from)),
                FixedDates.of(clock, years_from),
                DateTexts(text_reader(clock, language, years_from, time_only=True)),
            )
            self._sign = self._mark

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, offset = self._read(words)
        return wall, offset, np.full(len(words), self._timed)

    def _read(self, words: pa.Array) -> tuple[Ints, Ints]:
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


@lru_cache(maxsize=128)
def column_of(format: str, language: str, years_from: int, *, time_only: bool = False) -> DateColumn:
    """Kept, so that the blocks of a file share what was read."""
    if format == "iso":
        return IsoColumn()
    if format in EXCEL:
        return SerialColumn(format)
    return FormatColumn(format, language, years_from, time_only=time_only)
