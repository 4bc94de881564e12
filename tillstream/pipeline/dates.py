"""The pipeline room: dates as a source writes them → local wall-clock time. Each distinct text is read once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.text import data_bytes, flags

DAY = 86_400_000_000
"""Microseconds of a day."""
MISSING = np.iinfo(np.int64).min
_TIME_LETTERS = frozenset("HIpMSfzXZ")
_MEMO_LIMIT = 200_000
_FEW = 500
"""So few distinct texts are read whole; cutting them into date and time would cost more."""
_SAMPLE = 2_000
_CLOCKS = {"%H:%M": 5, "%H:%M:%S": 8}
"""Formats read digit by digit over all rows at once, where each text has this many bytes."""
_SIMPLE = frozenset("YmdHMS")

Ints = npt.NDArray[np.int64]
Reader = Callable[[str], tuple[int, int]]
"""text → (wall-clock microseconds since 1970, offset from UTC in microseconds or MISSING); `ValueError`."""


@dataclass(frozen=True)
class Read:
    """wall: int64 (n,) local microseconds since 1970, MISSING where unreadable or NULL; offset: int64 (n,), the text's
    own offset from UTC where it gives one, else MISSING; timed: bool (n,), whether the format has a time."""

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
        found_wall, found_offset = style.read(words.take(pa.array(left)))
        wall[left], offset[left], timed[left] = found_wall, found_offset, style.timed
        left = left[found_wall == MISSING]
    timed[left] = False
    return Read(wall[index], offset[index], timed[index])


def _words(text: pa.Array) -> tuple[pa.Array, Ints]:
    """Texts to read and for each row its place among them, the place after the last for NULL."""
    sample = text[:_SAMPLE]
    if len(sample.unique()) > _SAMPLE // 2:
        # Nearly all differ: looking for equal ones would cost more than it saves.
        valid = pc.is_valid(text).to_numpy(zero_copy_only=False)
        return text.drop_null(), np.where(valid, np.cumsum(valid) - 1, int(valid.sum()))
    encoded = text.dictionary_encode()
    return encoded.dictionary, pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy()


def example(formats: tuple[str, ...]) -> str:
    """The last minute of 2026 as the formats write it, for a person who has to write a date."""
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    return " or ".join(moment.strftime(one) for one in formats)


class _Style:
    """One strptime format. A text of date and time is cut in two, as each half has few distinct values."""

    def __init__(self, format: str) -> None:
        cut = next((i for i in range(len(format)) if format[i] == "%" and format[i + 1 : i + 2] in _TIME_LETTERS), 0)
        self.timed = any(letter in _TIME_LETTERS for letter in re.findall(r"%(.)", format))
        self._whole = _Part(format)
        self._halves: tuple[_Part, _Part] | None = None
        date_part, self._mark, time_part = format[: max(cut - 1, 0)], format[max(cut - 1, 0) : cut], format[cut:]
        apart = date_part and self._mark in {" ", "T"} and not _TIME_LETTERS & set(re.findall(r"%(.)", date_part))
        only_time = set(re.findall(r"%(.)", time_part)) <= _TIME_LETTERS
        self._from_right = self._mark in date_part
        if apart and only_time and not (self._from_right and self._mark in time_part):
            self._halves = _Part(date_part), _Part(time_part, epoch="1970-01-01 ")

    def read(self, words: pa.Array) -> tuple[Ints, Ints]:
        """wall and offset of distinct texts, int64 (n,) each."""
        if self._halves is None or len(words) < _FEW:
            return self._whole.read(words)
        pairs = pc.split_pattern(words, self._mark, max_splits=1, reverse=self._from_right)
        pieces = pairs.flatten()
        if len(pieces) != 2 * len(words):
            return self._whole.read(words)
        day, _ = _distinct(self._halves[0], pieces.take(pa.array(np.arange(0, len(pieces), 2))))
        clock, offset = _clock(self._halves[1], pieces.take(pa.array(np.arange(1, len(pieces), 2))))
        bad = (day == MISSING) | (clock == MISSING)
        return np.where(bad, MISSING, day + clock), np.where(bad, MISSING, offset)


def _distinct(part: "_Part", words: pa.Array) -> tuple[Ints, Ints]:
    encoded = words.dictionary_encode()
    wall, offset = part.read(encoded.dictionary)
    index = encoded.indices.to_numpy()
    return wall[index], offset[index]


def _clock(part: "_Part", words: pa.Array) -> tuple[Ints, Ints]:
    width = _CLOCKS.get(part.format)
    if not width or pc.min_max(pc.binary_length(words)).as_py() != {"min": width, "max": width}:
        return _distinct(part, words)
    letters = data_bytes(words).reshape(-1, width)
    digits = letters.astype(np.int64) - ord("0")
    bad = np.zeros(len(words), np.bool_)
    seconds = np.zeros(len(words), np.int64)
    for place, limit, unit in ((0, 24, 3600), (3, 60, 60), (6, 60, 1))[: (width + 1) // 3]:
        tens, ones = digits[:, place], digits[:, place + 1]
        number = tens * 10 + ones
        bad |= (tens < 0) | (tens > 9) | (ones < 0) | (ones > 9) | (number >= limit)
        bad |= False if place == 0 else letters[:, place - 1] != ord(":")
        seconds += number * unit
    return np.where(bad, MISSING, seconds * 1_000_000), np.full(len(words), MISSING)


class _Part:
    """Texts of one format with what they were read as, kept across the blocks of a file."""

    def __init__(self, format: str, epoch: str = "") -> None:
        self.format = format
        self._reader = _reader(format, epoch)
        self._memo: dict[str, tuple[int, int]] = {}

    def read(self, words: pa.Array) -> tuple[Ints, Ints]:
        memo = self._memo
        if len(memo) > _MEMO_LIMIT:
            self._memo = memo = {}
        found = [memo.get(word) or self._add(memo, word) for word in words.to_pylist()]
        pairs = np.array(found, np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _add(self, memo: dict[str, tuple[int, int]], word: str) -> tuple[int, int]:
        try:
            memo[word] = self._reader(word)
        except (ValueError, OverflowError):
            memo[word] = (MISSING, MISSING)
        return memo[word]


def _reader(format: str, epoch: str) -> Reader:
    letters = re.findall(r"%(.)", format)
    if set(letters) <= _SIMPLE and len(set(letters)) == len(letters) and ({"Y", "m", "d"} <= set(letters) or epoch):
        return _simple_reader(format, letters)

    def read(word: str) -> tuple[int, int]:
        # strptime takes any run of spaces for one, and a day of 1900 for a format without a date.
        if "  " in word:
            raise ValueError(word)
        moment = datetime.strptime(epoch + word, "%Y-%m-%d " * bool(epoch) + format)  # noqa: DTZ007 - wall clock
        offset = moment.utcoffset()
        wall = _micros(moment.replace(tzinfo=None))
        return wall, MISSING if offset is None else round(offset.total_seconds() * 1_000_000)

    return read


def _simple_reader(format: str, letters: list[str]) -> Reader:
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
    day, clock = [place.get(letter, -1) for letter in "Ymd"], [place.get(letter, -1) for letter in "HMS"]
    start = date(1970, 1, 1).toordinal()

    def read(word: str) -> tuple[int, int]:
        found = match(word)
        if found is None:
            raise ValueError(word)
        parts = [int(text) for text in found.groups()] + [0]
        hour, minute, second = (parts[i] for i in clock)
        if hour > 23 or minute > 59 or second > 59:
            raise ValueError(word)
        days = date(parts[day[0]], parts[day[1]], parts[day[2]]).toordinal() - start if day[0] >= 0 else 0
        return days * DAY + (hour * 3600 + minute * 60 + second) * 1_000_000, MISSING

    return read


def _micros(moment: datetime) -> int:
    since = moment - datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@lru_cache(maxsize=64)
def _style(format: str) -> _Style:
    return _Style(format)


def readable(text: pa.Array, read: Read) -> npt.NDArray[np.bool_]:
    """bool (n,): False where a text is there that no format reads."""
    known: npt.NDArray[np.bool_] = read.wall != MISSING
    return np.logical_or(known, flags(pc.is_null(text)))
