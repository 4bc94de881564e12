"""Parser and formatter for a strptime date format in any language, one text at a time."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

from tillstream.model import date_words
from tillstream.model.date_words import CalendarNames, calendar_names, fold_name

DAY_MICROSECONDS = 86_400_000_000
"""Microseconds per day."""
MISSING_TIME = -(1 << 63)

DateParser = Callable[[str], tuple[int, int]]
"""text → (local microseconds since 1970, offset from UTC in microseconds or MISSING_TIME); raises `ValueError`."""

_START = date(1970, 1, 1).toordinal()
_WIDTH = {"Y": "{4}", "y": "{2}", "m": "{1,2}", "d": "{1,2}", "H": "{1,2}", "I": "{1,2}", "M": "{1,2}", "S": "{1,2}"}
_SUPPORTED = frozenset(_WIDTH) | set("bBaApfz")
_FULL_WIDTH = frozenset({"ja"})
"""Languages whose sources may use full-width digits."""


def format_letters(format: str) -> list[str]:
    return re.findall(r"%(.)", format)


def date_parser(format: str, language: str, years_from: int, *, time_only: bool = False) -> DateParser:
    """Return the parser of a format.

    years_from: first year of the 100-year window of two-digit years. time_only: the format has no date.
    """
    letters = format_letters(format)
    if not set(letters) <= _SUPPORTED or len(set(letters)) < len(letters):
        return _strptime(format, time_only=time_only)
    words = calendar_names(language)
    match = re.compile(_shape(format, words)).fullmatch
    fold = _folded_wide if language in _FULL_WIDTH else fold_name

    def read(word: str) -> tuple[int, int]:
        matched = match(fold(word))
        if matched is None:
            raise ValueError(word)
        parts = matched.groupdict()
        return _day(parts, words, years_from) + _clock(parts, words), _offset(parts.get("z"))

    return read


def format_datetime(moment: datetime, format: str, language: str = "en") -> str:
    """Format a datetime so that `date_parser` parses it."""
    words = calendar_names(language)
    named = {
        "B": words.long_months[moment.month - 1],
        "b": words.short_months[moment.month - 1],
        "A": words.long_weekdays[moment.weekday()],
        "a": words.short_weekdays[moment.weekday()],
        "p": words.half_names[moment.hour // 12],
    }
    # strftime's %Y omits leading zeros on some systems.
    named["Y"] = f"{moment.year:04}"
    return re.sub(r"%(.)", lambda matched: named.get(matched[1]) or moment.strftime(matched[0]), format)


def _shape(format: str, words: CalendarNames) -> str:
    pieces = re.split(r"%(.)", format)
    literal, letters = pieces[::2], pieces[1::2]
    shape = re.escape(fold_name(literal[0]))
    for i, letter in enumerate(letters):
        touches_previous = not literal[i] and i > 0 and letters[i - 1] in _WIDTH
        touches_next = not literal[i + 1] and i + 1 < len(letters) and letters[i + 1] in _WIDTH
        shape += _part(letter, words, is_adjacent=touches_previous or touches_next) + re.escape(
            fold_name(literal[i + 1])
        )
        if letter == "p":
            # Newer systems put a narrow no-break space before AM and PM.
            shape = shape.replace(r"\ (?P<p>", "[ \u00a0\u202f](?P<p>")
    return shape


def _part(letter: str, words: CalendarNames, *, is_adjacent: bool) -> str:
    """Pattern of one directive. Without a separator 2024111 is ambiguous: adjacent parts need their full width."""
    if letter in _WIDTH:
        return f"(?P<{letter}>[0-9]{'{2}' if is_adjacent and letter != 'Y' else _WIDTH[letter]})"
    if letter == "f":
        return "(?P<f>[0-9]{1,6})"
    if letter == "z":
        return f"(?P<z>{date_words.ZONE_PATTERN})"
    spellings = {"b": words.months, "B": words.months, "p": words.halves}.get(letter, words.weekdays)
    return f"(?P<{letter}>{_one_of(spellings)})"


def _one_of(spellings: Iterable[str]) -> str:
    return "|".join(re.escape(one) for one in sorted(spellings, key=len, reverse=True))


def _day(parts: Mapping[str, str], words: CalendarNames, years_from: int) -> int:
    if "Y" not in parts and "y" not in parts:
        return 0
    name = parts.get("b") or parts.get("B")
    month = words.months[name] if name else int(parts.get("m", 1))
    day = date(_year(parts, years_from), month, int(parts.get("d", 1)))
    weekday = parts.get("a") or parts.get("A")
    if weekday and words.weekdays[weekday] != day.weekday():
        raise ValueError(weekday)
    return (day.toordinal() - _START) * DAY_MICROSECONDS


def _year(parts: Mapping[str, str], years_from: int) -> int:
    return int(parts["Y"]) if "Y" in parts else year_in_window(int(parts["y"]), years_from)


def year_in_window(year: int, years_from: int) -> int:
    """Return the full year of a two-digit year."""
    return years_from + (year - years_from) % 100


def _clock(parts: Mapping[str, str], words: CalendarNames) -> int:
    minute, second = int(parts.get("M", 0)), int(parts.get("S", 0))
    hour = _hour(parts, words.halves.get(parts.get("p", "")))
    if minute > 59 or second > 59:
        raise ValueError(minute, second)
    return (hour * 3600 + minute * 60 + second) * 1_000_000 + int(parts.get("f", "0").ljust(6, "0"))


def _hour(parts: Mapping[str, str], half: int | None) -> int:
    if "I" in parts:
        hour = int(parts["I"])
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        return hour % 12 + 12 * (half or 0)
    hour = int(parts.get("H", 0))
    # With %H, reject hours that contradict AM/PM, such as 1:05 PM.
    if hour > 23 or (half is not None and half != hour // 12):
        raise ValueError(hour)
    return hour


def _offset(text: str | None) -> int:
    if text is None:
        return MISSING_TIME
    minutes = date_words.zone_offset_minutes(text)
    if abs(minutes) >= 24 * 60:
        raise ValueError(text)
    return minutes * 60_000_000


def _folded_wide(text: str) -> str:
    return fold_name(unicodedata.normalize("NFKC", text))


def _strptime(format: str, *, time_only: bool) -> DateParser:
    """Return a parser for formats with rare directives such as %j."""

    def read(word: str) -> tuple[int, int]:
        # strptime matches any run of white space to a space.
        if " ".join(word.split()) != word:
            raise ValueError(word)
        prefix = "1970-01-01 " if time_only else ""
        moment = datetime.strptime(prefix + word, "%Y-%m-%d " * time_only + format)  # noqa: DTZ007 - wall clock
        offset = moment.utcoffset()
        wall = _micros(moment.replace(tzinfo=None) - datetime(1970, 1, 1))  # noqa: DTZ001 - wall clock
        return wall, MISSING_TIME if offset is None else _micros(offset)

    return read


def _micros(span: timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
