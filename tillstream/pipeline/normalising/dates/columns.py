"""Parse a column of distinct texts with one date format."""

import re
from functools import lru_cache
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.dates.cache import DateTexts, text_reader
from tillstream.pipeline.normalising.dates.fixed_width import FixedDates
from tillstream.pipeline.normalising.dates.formats import MISSING, letters_of
from tillstream.pipeline.normalising.dates.iso_and_serial import (
    EXCEL,
    UNIX,
    iso_text,
    iso_timed,
    serial_dates,
    unix_dates,
)
from tillstream.pipeline.rows.text_column import to_bool_array
from tillstream.pipeline.rows.types import Ints, Mask

CLOCK = frozenset("HIpMSfzXZ")
"""strptime directives for times."""
_SPLIT_THRESHOLD = 500
"""Below this many distinct texts, splitting them into date and time costs more than it saves."""
_SEPARATORS = frozenset(" T_")
"""Separators between a date and its time."""


class DateColumn(Protocol):
    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        """Parse texts. words: string (n,) without NULL.

        Returns the local time, the offset (MISSING if none) and whether the text includes a time.
        """
        ...


class SerialColumn:
    """Day numbers of spreadsheets."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, timed = serial_dates(words, self._kind)
        return wall, np.full(len(words), MISSING), timed


class UnixColumn:
    """Seconds or milliseconds since 1970 in UTC."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall = unix_dates(words, self._kind)
        return wall, np.where(wall == MISSING, MISSING, 0), np.full(len(words), fill_value=True)


class IsoColumn:
    """ISO 8601, which is unambiguous and accepted from every source."""

    def __init__(self) -> None:
        self._texts = DateTexts(iso_text)

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, offset = _distinct(self._texts, words)
        return wall, offset, iso_timed(words)


class FormatColumn:
    """One strptime format. Texts of a fixed width are parsed digit by digit for all rows at once. Other texts are split
    into date and time, because each half has few distinct values. time_only: the format has no date."""

    def __init__(self, format: str, language: str, years_from: int, *, time_only: bool = False) -> None:
        self._timed = not CLOCK.isdisjoint(letters_of(format))
        self._fixed = FixedDates.of(format, years_from)
        self._whole = DateTexts(text_reader(format, language, years_from, time_only=time_only))
        self._date_and_time: tuple[DateTexts, FixedDates | None, DateTexts] | None = None
        # Parsers ignore case, so only a literal without case can distinguish formats.
        literals = [text for text in re.split(r"%.", format) if text and text.lower() == text.upper()]
        self._literal = literals[0] if literals else ""
        time_start = next((i for i in range(1, len(format)) if format[i - 1] == "%" and format[i] in CLOCK), 2) - 1
        day, self._separator, clock = format[: time_start - 1], format[time_start - 1 : time_start], format[time_start:]
        self._split_from_right = self._separator in day
        is_splittable = self._separator in _SEPARATORS and "%" in day and CLOCK.isdisjoint(letters_of(day))
        if (
            is_splittable
            and CLOCK.issuperset(letters_of(clock))
            and not (self._split_from_right and self._separator in clock)
        ):
            self._date_and_time = (
                DateTexts(text_reader(day, language, years_from)),
                FixedDates.of(clock, years_from),
                DateTexts(text_reader(clock, language, years_from, time_only=True)),
            )
            self._literal = self._separator

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, offset = self._read(words)
        return wall, offset, np.full(len(words), self._timed)

    def _read(self, words: pa.Array) -> tuple[Ints, Ints]:
        fixed = self._fixed.read(words) if self._fixed else None
        if fixed is not None:
            return fixed, np.full(len(words), MISSING)
        if len(words) < _SPLIT_THRESHOLD:
            return _distinct(self._whole, words)
        # Fast rejection: a text without the format's literal is in another format.
        has_literal = to_bool_array(pc.match_substring(words, self._literal))
        if has_literal.all():
            return self._read_many(words)
        wall, offset = np.full(len(words), MISSING), np.full(len(words), MISSING)
        wall[has_literal], offset[has_literal] = self._read_many(words.filter(pa.array(has_literal)))
        return wall, offset

    def _read_many(self, words: pa.Array) -> tuple[Ints, Ints]:
        if self._date_and_time is None:
            return _distinct(self._whole, words)
        day_part, fixed_clock, clock_part = self._date_and_time
        pieces = pc.split_pattern(words, self._separator, max_splits=1, reverse=self._split_from_right).flatten()
        day, _ = _distinct(day_part, pieces.take(pa.array(np.arange(0, len(pieces), 2))))
        times = pieces.take(pa.array(np.arange(1, len(pieces), 2)))
        fixed = fixed_clock.read(times) if fixed_clock else None
        clock, offset = _distinct(clock_part, times) if fixed is None else (fixed, np.full(len(words), MISSING))
        is_invalid = (day == MISSING) | (clock == MISSING)
        return np.where(is_invalid, MISSING, day + clock), np.where(is_invalid, MISSING, offset)


def _distinct(texts: DateTexts, words: pa.Array) -> tuple[Ints, Ints]:
    encoded = words.dictionary_encode()
    wall, offset = texts.read(encoded.dictionary.to_pylist())
    index = encoded.indices.to_numpy()
    return wall[index], offset[index]


@lru_cache(maxsize=128)
def column_of(format: str, language: str, years_from: int, *, time_only: bool = False) -> DateColumn:
    """Return the parser of a format; cached, so that the blocks of a file share parsed texts."""
    if format == "iso":
        return IsoColumn()
    if format in EXCEL:
        return SerialColumn(format)
    if format in UNIX:
        return UnixColumn(format)
    return FormatColumn(format, language, years_from, time_only=time_only)
