"""Profile the dates of a column by their shape."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from tillstream.detection.sheet import Column
from tillstream.detection.values.date_shapes import (
    COMPACT,
    COMPACT_TIME,
    DIGITS,
    NUMERIC,
    RUN,
    SERIAL,
    UNIX,
    WITH_NAMES,
    clock_format,
    named_format,
)
from tillstream.detection.values.date_words import DateWords, has_weekday, split
from tillstream.domain.dates.eras import Era, ascii_digits
from tillstream.domain.month_names import BY_USE, folded, names

ORDERS = {"DMY": "dmy", "MDY": "mdy", "YMD": "ymd"}
_MAX_WORDS = 20_000


@dataclass
class DateProfile:
    """Dates of a column by shape. `shapes`: shape → (a, b, c) parts → example cell."""

    share: float = 0.0
    shapes: dict[tuple[str, ...], dict[tuple[int, int, int], str]] = field(default_factory=lambda: defaultdict(dict))
    named: dict[str, str] = field(default_factory=dict)
    """Unambiguous formats, with a month name, a leading year or a serial number → example cell."""
    months: set[str] = field(default_factory=set)
    """Month names as in the cells."""
    weekdays: set[str] = field(default_factory=set)
    """Weekday names before the dates."""
    halves: set[str] = field(default_factory=set)
    """Names of the half of the day before times."""
    eras: set[Era] = field(default_factory=set)
    """Eras of the years; the empty era is that of the common calendar."""
    has_times: bool = False
    has_offsets: bool = False
    other_than_midnight: bool = False
    unparsed: list[str] = field(default_factory=list)


def profile(column: Column, *, few: bool = False, serial: bool = False) -> DateProfile:
    """Profile a column. few: check only some words. serial: accept numbers, such as those of spreadsheets."""
    result, dates, checked = DateProfile(), 0, 0
    for position, (word, count) in enumerate(column.words.items()):
        if position >= (200 if few else _MAX_WORDS):
            break
        checked += count
        if _record(result, word) or (serial and _record_serial(result, word)):
            dates += count
        else:
            result.unparsed.append(word)
    result.share = dates / checked if checked else 0.0
    return result


def _record(dates: DateProfile, word: str) -> bool:
    if _record_date(dates, word, word):
        dates.eras.add("")
        return True
    words = split(word)
    if words.rest == word or not _record_date(dates, words.rest, word, words):
        return False
    dates.eras.add(words.era)
    dates.weekdays |= {words.weekday} - {""}
    return True


def _record_date(dates: DateProfile, text: str, word: str, words: DateWords | None = None) -> bool:
    """Record the shape of a date. text: the word without its weekday and in the common calendar."""
    prefix, weekday = (words.prefix, words.weekday) if words else ("", "")
    match = NUMERIC.match(text)
    if match and (match["s"] == match["t"] or (match["s"], match["t"]) == ("年", "月")):
        parts = (int(match["a"]), int(match["b"]), int(match["c"]))
        four_digit_ends = (len(match["a"]) == 4, len(match["c"]) == 4)
        if (
            four_digit_ends == (True, True)
            or max(len(match["a"]), len(match["c"])) == 3
            or not any(possible_orders(parts, four_digit_ends, weekday))
        ):
            return False
        shape = (
            match["s"],
            match["t"],
            match["end"],
            "4" if four_digit_ends[0] else "",
            "4" if four_digit_ends[1] else "",
            clock_format(match),
            prefix,
        )
        dates.shapes[shape].setdefault(parts, word)
    elif match := COMPACT.match(text):
        if prefix or not _is_date(int(text[:4]), int(text[4:6]), int(text[6:8])):
            return False
        dates.named.setdefault("%Y%m%d" + clock_format(match), word)
    elif match := COMPACT_TIME.match(text):
        return not prefix and _record_digits(dates, match)
    elif match := next(filter(None, (pattern.match(text) for pattern in WITH_NAMES)), None):
        if not is_month_name(match["b"]):
            return False
        dates.months.add(match["b"])
        dates.named.setdefault(prefix + named_format(match), word)
    else:
        return False
    if match["hour"]:
        dates.has_times = True
        dates.has_offsets |= bool(match["zone"])
        dates.halves |= {match["half"] or ""} - {""}
        dates.other_than_midnight |= (
            int(match["hour"]) % (12 if match["noon"] or match["half"] else 24) != 0 or int(match["minute"]) != 0
        )
    return True


def _record_digits(dates: DateProfile, match: re.Match[str]) -> bool:
    """Record a date and a time of digits only."""
    text, second = match["whole"], match["second"] or "0"
    if not _is_date(int(text[:4]), int(text[4:6]), int(text[6:])):
        return False
    if int(match["hour"]) > 23 or int(match["minute"]) > 59 or int(second) > 59:
        return False
    seconds, zone = "%S" if match["second"] else "", "%z" if match["zone"] else ""
    dates.named.setdefault(f"%Y%m%d{match['gap']}%H%M{seconds}{zone}", match[0])
    dates.has_times = True
    dates.has_offsets |= bool(zone)
    dates.other_than_midnight |= bool(int(match["hour"]) or int(match["minute"]))
    return True


def _record_serial(dates: DateProfile, word: str) -> bool:
    if UNIX.match(word):
        dates.named.setdefault("unix" if len(word) == 10 else "unix-ms", word)
        dates.has_times = dates.has_offsets = dates.other_than_midnight = True
        return True
    if match := DIGITS.match(word):
        return _record_digits(dates, match)
    if match := RUN.match(ascii_digits(word)):
        parts, last = (int(match["a"]), int(match["b"]), int(match["c"])), len(match["c"]) == 4
        if not any(possible_orders(parts, (False, last))):
            return False
        dates.shapes["", "", "", "", "4" if last else "", "", ""].setdefault(parts, word)
        return True
    match = SERIAL.match(word)
    if match:
        dates.named.setdefault("excel", word)
        dates.has_times |= bool(match["part"])
        dates.other_than_midnight |= bool(match["part"])
    return bool(match)


def possible_orders(
    parts: tuple[int, int, int], four_digit_ends: tuple[bool, bool], weekday: str = ""
) -> Iterable[str]:
    """Orders in which the parts form a valid date, which has this weekday."""
    a, b, c = parts
    first_is_year, last_is_year = four_digit_ends
    if not last_is_year and _is_date(a if first_is_year else 2000 + a, b, c, weekday):
        yield "YMD"
    if not first_is_year and _is_date(c if last_is_year else 2000 + c, b, a, weekday):
        yield "DMY"
    if not first_is_year and _is_date(c if last_is_year else 2000 + c, a, b, weekday):
        yield "MDY"


def _is_date(year: int, month: int, day: int, weekday: str = "") -> bool:
    try:
        valid = date(year, month, day)
    except ValueError:
        return False
    return 1900 <= year <= 2100 and has_weekday(weekday, valid)


def parse_in_order(word: str, order: str) -> date | None:
    """Parse a numeric date in this order (DMY, MDY, YMD); None if it is not a valid date."""
    words = split(word)
    match, weekday = NUMERIC.match(words.rest) or RUN.match(words.rest), words.weekday
    if not match:
        return None
    parts = dict(zip(ORDERS[order], (int(match["a"]), int(match["b"]), int(match["c"])), strict=True))
    year = parts["y"] if parts["y"] > 99 else 2000 + parts["y"]
    return date(year, parts["m"], parts["d"]) if _is_date(year, parts["m"], parts["d"], weekday) else None


def is_ambiguous(word: str, orders: Iterable[str]) -> bool:
    """Whether the word is a different date in two of these orders."""
    return len({day for order in orders if (day := parse_in_order(word, order))}) > 1


@cache
def months_by_language() -> dict[str, dict[str, int]]:
    """Language → month name → month number; English first, as the most common."""
    return {language: names(language).months for language in BY_USE}


def is_month_name(word: str) -> bool:
    return any(folded(word) in months for months in months_by_language().values())
