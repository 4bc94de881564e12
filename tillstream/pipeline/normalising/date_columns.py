"""Parse a column of distinct texts with one date format: ISO 8601, serials, fixed width, or any other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.date_formats import (
    DAY_MICROSECONDS,
    MISSING_TIME,
    DateParser,
    date_parser,
    format_letters,
    year_in_window,
)
from tillstream.pipeline.rows.text_columns import Ints, Mask, data_bytes, to_bool_array

_ISO_TEXT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r" ?(?:(Z)|([+-])([0-9]{2})(?::?([0-5][0-9]))?)?)?",
    re.IGNORECASE,
)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_SERIAL_TEXT = r"^[0-9]{1,7}(?:[.,][0-9]{1,18})?$"
EXCEL_EPOCHS = {"excel": 25_569, "excel-1904": 24_107}
"""Format → the day number of 1970-01-01. The "excel" count includes a nonexistent 29 February 1900, so days before
March 1900 are ambiguous; "excel-1904" starts in 1904."""
UNIX_UNITS = {"unix": 1_000_000, "unix-ms": 1_000}
"""Format → microseconds per unit since 1970 in UTC."""
_UNIX_TEXT = {"unix": r"^[0-9]{9,10}(?:\.[0-9]{1,9})?$", "unix-ms": r"^[0-9]{12,13}$"}
_FIRST_SERIAL = {"excel": 61, "excel-1904": 1}
_LAST_SERIAL = 2_958_465
"""The end of 9999."""

SIMPLE_LETTERS = frozenset("YymdHMS")
"""strptime directives for digits."""
_CACHED_TEXTS = 200_000

_CLOCK_LIMITS = {"H": (24, 3600), "M": (60, 60), "S": (60, 1)}
"""Directive → (exclusive upper limit, seconds per unit)."""

CLOCK_LETTERS = frozenset("HIpMSfzXZ")
"""strptime directives for times."""
_SPLIT_THRESHOLD = 500
"""Below this many distinct texts, splitting them into date and time costs more than it saves."""
_SEPARATORS = frozenset(" T_")
"""Separators between a date and its time."""


def parse_iso_text(word: str) -> tuple[int, int]:
    """Parse ISO 8601 as a `DateParser`; digits beyond the microsecond are dropped. Raises `ValueError`."""
    matched = _ISO_TEXT.fullmatch(word)
    if matched is None:
        raise ValueError(word)
    year, month, day, *clock = matched.groups()
    hour, minute, second = (int(part or 0) for part in clock[:3])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(word)
    wall = (date(int(year), int(month), int(day)).toordinal() - _EPOCH_ORDINAL) * DAY_MICROSECONDS
    wall += (hour * 3600 + minute * 60 + second) * 1_000_000 + int((clock[3] or "0").ljust(6, "0")[:6])
    zulu, sign, hours, minutes = clock[4:]
    if sign:
        if int(hours) > 23:
            raise ValueError(word)
        offset = (int(hours) * 60 + int(minutes or 0)) * 60_000_000
        return wall, offset if sign == "+" else -offset
    return wall, 0 if zulu else MISSING_TIME


def has_iso_time(words: pa.Array) -> Mask:
    """bool (n,): which texts include a time. Valid only for texts that `parse_iso_text` parses."""
    return to_bool_array(pc.greater(pc.binary_length(words), 10))


def serial_dates(words: pa.Array, kind: str) -> tuple[Ints, Mask]:
    """Parse day numbers. words: string (n,) without NULL.

    Returns the local time, MISSING_TIME where the text is not a day number, and whether it includes a time.
    Spreadsheets store a time as a fraction of a day in a float, so it is exact to the millisecond.
    """
    is_serial = pc.match_substring_regex(words, _SERIAL_TEXT)
    numbers = pc.cast(pc.replace_substring(pc.if_else(is_serial, words, None), ",", "."), pa.float64())
    days = pc.fill_null(numbers, -1.0).to_numpy()
    is_valid = to_bool_array(is_serial) & (days >= _FIRST_SERIAL[kind]) & (days < _LAST_SERIAL + 1)
    millis = np.rint(np.where(is_valid, days - EXCEL_EPOCHS[kind], 0) * 86_400_000).astype(np.int64)
    return np.where(is_valid, millis * 1000, MISSING_TIME), to_bool_array(
        pc.match_substring_regex(words, "[.,][0-9]*[1-9]")
    )


def unix_dates(words: pa.Array, kind: str) -> Ints:
    """Parse seconds or milliseconds since 1970 in UTC; MISSING_TIME for other texts. words: string (n,), no NULL."""
    is_unix = pc.match_substring_regex(words, _UNIX_TEXT[kind])
    whole = pc.cast(pc.replace_substring_regex(pc.if_else(is_unix, words, None), r"\.[0-9]*$", ""), pa.int64())
    micros: Ints = pc.fill_null(pc.multiply(whole, UNIX_UNITS[kind]), MISSING_TIME).to_numpy()
    return micros


class DateTexts:
    """Cached parser of one date format. reader: parses one text, raises `ValueError` if the format does not match."""

    def __init__(self, reader: DateParser) -> None:
        self._reader = reader
        self._cache: dict[str, tuple[int, int]] = {}

    def read(self, words: Sequence[str]) -> tuple[Ints, Ints]:
        """Return local times and offsets, int64 (n,); MISSING_TIME where the format does not match the whole text."""
        if len(self._cache) > _CACHED_TEXTS:
            self._cache = {}
        cache = self._cache
        pairs = np.array([cache.get(word) or self._add(cache, word) for word in words], np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _add(self, cache: dict[str, tuple[int, int]], word: str) -> tuple[int, int]:
        try:
            cache[word] = self._reader(word)
        except (ValueError, OverflowError):
            cache[word] = (MISSING_TIME, MISSING_TIME)
        return cache[word]


def is_simple_format(letters: Sequence[str], *, time_only: bool) -> bool:
    """Return True if all directives are digits, each part occurs once and, unless `time_only`, the date is complete."""
    parts = {letter.upper() if letter == "y" else letter for letter in letters}
    is_complete = time_only or {"Y", "m", "d"} <= parts
    return bool(letters) and is_complete and set(letters) <= SIMPLE_LETTERS and len(parts) == len(letters)


def fast_date_parser(format: str, language: str, years_from: int, *, time_only: bool = False) -> DateParser:
    """Return the parser of a format. Digit-only formats have a fast path, as times to the second rarely repeat."""
    letters = format_letters(format)
    if not is_simple_format(letters, time_only=time_only) or not format.isascii():
        return date_parser(format, language, years_from, time_only=time_only)
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
            return (hours * 3600 + minutes * 60 + seconds) * 1_000_000, MISSING_TIME
        years = year_in_window(parts[year], years_from) if two_digit_year else parts[year]
        days = date(years, parts[month], parts[day]).toordinal() - start
        return days * DAY_MICROSECONDS + (hours * 3600 + minutes * 60 + seconds) * 1_000_000, MISSING_TIME

    return read


@dataclass(frozen=True)
class FixedDates:
    """Byte layout of a digit-only format in which each part has its full width."""

    width: int
    """Bytes, without the digits of the fraction."""
    fraction: bool
    """Whether the text ends with one to six digits of a fraction of a second."""
    positions: dict[str, int]
    literals: dict[int, int]
    """Position → the literal byte required there."""
    years_from: int
    """First year of the 100-year window of two-digit years."""

    @classmethod
    def from_format(cls, format: str, years_from: int) -> "FixedDates | None":
        """Return the layout of a format; None if it has directives other than Y, y, m, d, H, M, S and a final f."""
        fraction = format.endswith("%S.%f")
        regular = format.removesuffix("%f") if fraction else format
        letters = format_letters(regular)
        time_only = set(letters).isdisjoint("Yymd")
        if not is_simple_format(letters, time_only=time_only) or not regular.isascii():
            return None
        positions: dict[str, int] = {}
        literals: dict[int, int] = {}
        width = 0
        for part in re.findall(r"%.|.", regular):
            if part[0] == "%" and len(part) == 2:
                positions[part[1]] = width
                width += 4 if part[1] == "Y" else 2
            else:
                literals[width] = ord(part)
                width += 1
        return cls(width, fraction, positions, literals, years_from)

    def read(self, words: pa.Array) -> Ints | None:
        """Parse texts. words: string (n,) without NULL.

        Returns int64 (n,) microseconds since 1970, MISSING_TIME where a text does not match; None if the texts do not
        all have the required width.
        """
        lengths = pc.min_max(pc.binary_length(words)).as_py()
        length = lengths["min"] or 0
        digits = length - self.width
        if lengths["max"] != length or digits not in (range(1, 7) if self.fraction else (0,)):
            return None
        data = data_bytes(words).reshape(-1, length)
        invalid = np.zeros(len(words), np.bool_)
        for position, literal in self.literals.items():
            invalid |= data[:, position] != literal
        wall = np.zeros(len(words), np.int64)
        for letter, (limit, seconds) in _CLOCK_LIMITS.items():
            if letter in self.positions:
                number = _fixed_number(data, self.positions[letter], 2, invalid)
                invalid |= number >= limit
                wall += number * (seconds * 1_000_000)
        if self.fraction:
            wall += _fixed_number(data, self.width, digits, invalid) * 10 ** (6 - digits)
        if "d" in self.positions:
            wall += self._days(data, invalid) * DAY_MICROSECONDS
        return np.where(invalid, MISSING_TIME, wall)

    def _days(self, data: npt.NDArray[np.uint8], invalid: Mask) -> Ints:
        month, day = (_fixed_number(data, self.positions[directive], 2, invalid) for directive in "md")
        if "Y" in self.positions:
            year = _fixed_number(data, self.positions["Y"], 4, invalid)
        else:
            year = self.years_from + (_fixed_number(data, self.positions["y"], 2, invalid) - self.years_from) % 100
        invalid |= (year < 1) | (month < 1) | (month > 12)
        months = np.where(invalid, 0, (year - 1970) * 12 + month - 1)
        first = int(months.min())
        starts = np.arange(first, int(months.max()) + 2).astype("M8[M]").astype("M8[D]").astype(np.int64)
        start, after = starts[months - first], starts[months - first + 1]
        invalid |= (day < 1) | (day > after - start)
        days: Ints = start + day - 1
        return days


def _fixed_number(data: npt.NDArray[np.uint8], position: int, width: int, invalid: Mask) -> Ints:
    number = np.zeros(len(data), np.int64)
    for i in range(position, position + width):
        # Bytes below "0" wrap around to large values, so one comparison detects all non-digits.
        digit = data[:, i] - np.uint8(ord("0"))
        np.logical_or(invalid, digit > 9, out=invalid)
        number = number * 10 + digit
    return number


class DateColumn(Protocol):
    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        """Parse texts. words: string (n,) without NULL.

        Returns the local time, the offset (MISSING_TIME if none) and whether the text includes a time.
        """
        ...


class SerialColumn:
    """Day numbers of spreadsheets."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, timed = serial_dates(words, self._kind)
        return wall, np.full(len(words), MISSING_TIME), timed


class UnixColumn:
    """Seconds or milliseconds since 1970 in UTC."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall = unix_dates(words, self._kind)
        return wall, np.where(wall == MISSING_TIME, MISSING_TIME, 0), np.full(len(words), fill_value=True)


class IsoColumn:
    """ISO 8601, which is unambiguous and accepted from every source."""

    def __init__(self) -> None:
        self._texts = DateTexts(parse_iso_text)

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, offset = _parse_distinct(self._texts, words)
        return wall, offset, has_iso_time(words)


class FormatColumn:
    """One strptime format. Texts of a fixed width are parsed digit by digit for all rows at once. Other texts are split
    into date and time, because each half has few distinct values. time_only: the format has no date."""

    def __init__(self, format: str, language: str, years_from: int, *, time_only: bool = False) -> None:
        self._timed = not CLOCK_LETTERS.isdisjoint(format_letters(format))
        self._fixed = FixedDates.from_format(format, years_from)
        self._whole = DateTexts(fast_date_parser(format, language, years_from, time_only=time_only))
        self._date_and_time: tuple[DateTexts, FixedDates | None, DateTexts] | None = None
        # Parsers ignore case, so only a literal without case can distinguish formats.
        literals = [text for text in re.split(r"%.", format) if text and text.lower() == text.upper()]
        self._literal = literals[0] if literals else ""
        time_start = (
            next((i for i in range(1, len(format)) if format[i - 1] == "%" and format[i] in CLOCK_LETTERS), 2) - 1
        )
        day, self._separator, clock = format[: time_start - 1], format[time_start - 1 : time_start], format[time_start:]
        self._split_from_right = self._separator in day
        is_splittable = self._separator in _SEPARATORS and "%" in day and CLOCK_LETTERS.isdisjoint(format_letters(day))
        if (
            is_splittable
            and CLOCK_LETTERS.issuperset(format_letters(clock))
            and not (self._split_from_right and self._separator in clock)
        ):
            self._date_and_time = (
                DateTexts(fast_date_parser(day, language, years_from)),
                FixedDates.from_format(clock, years_from),
                DateTexts(fast_date_parser(clock, language, years_from, time_only=True)),
            )
            self._literal = self._separator

    def read(self, words: pa.Array) -> tuple[Ints, Ints, Mask]:
        wall, offset = self._read(words)
        return wall, offset, np.full(len(words), self._timed)

    def _read(self, words: pa.Array) -> tuple[Ints, Ints]:
        fixed = self._fixed.read(words) if self._fixed else None
        if fixed is not None:
            return fixed, np.full(len(words), MISSING_TIME)
        if len(words) < _SPLIT_THRESHOLD:
            return _parse_distinct(self._whole, words)
        # Fast rejection: a text without the format's literal is in another format.
        has_literal = to_bool_array(pc.match_substring(words, self._literal))
        if has_literal.all():
            return self._read_many(words)
        wall, offset = np.full(len(words), MISSING_TIME), np.full(len(words), MISSING_TIME)
        wall[has_literal], offset[has_literal] = self._read_many(words.filter(pa.array(has_literal)))
        return wall, offset

    def _read_many(self, words: pa.Array) -> tuple[Ints, Ints]:
        if self._date_and_time is None:
            return _parse_distinct(self._whole, words)
        day_part, fixed_clock, clock_part = self._date_and_time
        pieces = pc.split_pattern(words, self._separator, max_splits=1, reverse=self._split_from_right).flatten()
        day, _ = _parse_distinct(day_part, pieces.take(pa.array(np.arange(0, len(pieces), 2))))
        times = pieces.take(pa.array(np.arange(1, len(pieces), 2)))
        fixed = fixed_clock.read(times) if fixed_clock else None
        clock, offset = (
            _parse_distinct(clock_part, times) if fixed is None else (fixed, np.full(len(words), MISSING_TIME))
        )
        is_invalid = (day == MISSING_TIME) | (clock == MISSING_TIME)
        return np.where(is_invalid, MISSING_TIME, day + clock), np.where(is_invalid, MISSING_TIME, offset)


def _parse_distinct(texts: DateTexts, words: pa.Array) -> tuple[Ints, Ints]:
    encoded = words.dictionary_encode()
    wall, offset = texts.read(encoded.dictionary.to_pylist())
    index = encoded.indices.to_numpy()
    return wall[index], offset[index]


@lru_cache(maxsize=128)
def date_column(format: str, language: str, years_from: int, *, time_only: bool = False) -> DateColumn:
    """Return the parser of a format; cached, so that the blocks of a file share parsed texts."""
    if format == "iso":
        return IsoColumn()
    if format in EXCEL_EPOCHS:
        return SerialColumn(format)
    if format in UNIX_UNITS:
        return UnixColumn(format)
    return FormatColumn(format, language, years_from, time_only=time_only)
