"""Profile the dates of a column by their shape."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from tillstream.detection.sheet import Column
from tillstream.detection.values.date_words import DateWords, has_weekday, split
from tillstream.domain.dates import zone_words
from tillstream.domain.dates.eras import Era, ascii_digits
from tillstream.domain.month_names import LANGUAGES, folded, names

ORDERS = {"DMY": "dmy", "MDY": "mdy", "YMD": "ymd"}
_TIME = (
    r"(?P<gap>,?[ T_]+)(?P<hour>[0-9]{1,2})(?P<colon>[:.])(?P<minute>[0-9]{2})(?P<second>[:.][0-9]{2})?"
    r"(?P<fraction>\.[0-9]{1,9})?(?P<noon>\s?[AaPp]\.?\s?[Mm]\.?)?"
    rf"(?P<before_zone> ?)(?P<zone>(?i:{zone_words.PATTERN}))?"
)
_NUMERIC = re.compile(
    rf"^(?P<a>[0-9]{{1,4}})(?P<s>[-/年]|\. ?)(?P<b>[0-9]{{1,2}})(?P<t>[-/月]|\. ?)"
    rf"(?P<c>[0-9]{{1,4}})(?P<end>[日.]?)(?:{_TIME})?$"
)
_COMPACT = re.compile(rf"^(?P<whole>(?:19|20)[0-9]{{6}})(?:{_TIME})?$")
_RUN = re.compile(r"^(?P<a>[0-9]{2})(?P<s>)(?P<b>[0-9]{2})(?P<t>)(?P<c>[0-9]{4}|[0-9]{2})$")
"""Day, month and year without separators, as 02032026 or 020326."""
_NAMED = re.compile(
    rf"^(?P<a>[0-9]{{1,2}})(?P<s>\.? |-|/|\.| de | di | of )(?P<b>[^\W\d_]{{3,12}}\.?)"
    rf"(?P<t> |-|/|, |\.| de | del )(?P<c>[0-9]{{4}}|[0-9]{{2}})(?:{_TIME})?$"
)
_NAMED_FIRST = re.compile(
    rf"^(?P<b>[^\W\d_]{{3,12}}\.?)(?P<s> |-|/)(?P<a>[0-9]{{1,2}})(?P<t>,? |-|/)"
    rf"(?P<c>[0-9]{{4}}|[0-9]{{2}})(?:{_TIME})?$"
)
_UNIX = re.compile(r"^(?:1[0-9]{9}|1[0-9]{12})$")
"""Seconds or milliseconds since 1970, from 2001 to 2033."""
_SERIAL = re.compile(r"^[2-6][0-9]{4}(?P<part>\.[0-9]+)?$")
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
    match = _NUMERIC.match(text)
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
            _clock(match),
            prefix,
        )
        dates.shapes[shape].setdefault(parts, word)
    elif match := _COMPACT.match(text):
        if prefix or not _is_date(int(text[:4]), int(text[4:6]), int(text[6:8])):
            return False
        dates.named.setdefault("%Y%m%d" + _clock(match), word)
    elif match := _NAMED.match(text) or _NAMED_FIRST.match(text):
        if not is_month_name(match["b"]):
            return False
        year = "%Y" if len(match["c"]) == 4 else "%y"
        month_first = match.start("b") < match.start("a")
        month_day = ("%b", "%d") if month_first else ("%d", "%b")
        dates.months.add(match["b"])
        format_ = f"{prefix}{month_day[0]}{match['s']}{month_day[1]}{match['t']}{year}{_clock(match)}"
        dates.named.setdefault(format_, word)
    else:
        return False
    if match["hour"]:
        dates.has_times = True
        dates.has_offsets |= bool(match["zone"])
        dates.other_than_midnight |= (
            int(match["hour"]) % (12 if match["noon"] else 24) != 0 or int(match["minute"]) != 0
        )
    return True


def _record_serial(dates: DateProfile, word: str) -> bool:
    if _UNIX.match(word):
        dates.named.setdefault("unix" if len(word) == 10 else "unix-ms", word)
        dates.has_times = dates.has_offsets = dates.other_than_midnight = True
        return True
    if match := _RUN.match(ascii_digits(word)):
        parts, last = (int(match["a"]), int(match["b"]), int(match["c"])), len(match["c"]) == 4
        if not any(possible_orders(parts, (False, last))):
            return False
        dates.shapes["", "", "", "", "4" if last else "", "", ""].setdefault(parts, word)
        return True
    match = _SERIAL.match(word)
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


def _clock(match: re.Match[str]) -> str:
    if not match["hour"]:
        return ""
    am_pm, colon = match["noon"] or "", match["colon"]
    second = f"{match['second'][0]}%S" if match["second"] else ""
    fraction = ".%f" if match["fraction"] else ""
    suffix = f"{' ' if am_pm[:1].isspace() else ''}%p" if am_pm else ""
    zone = f"{match['before_zone']}%z" if match["zone"] else ""
    return f"{match['gap']}{'%I' if am_pm else '%H'}{colon}%M{second}{fraction}{suffix}{zone}"


def parse_in_order(word: str, order: str) -> date | None:
    """Parse a numeric date in this order (DMY, MDY, YMD); None if it is not a valid date."""
    words = split(word)
    match, weekday = _NUMERIC.match(words.rest) or _RUN.match(words.rest), words.weekday
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
    return {language: names(language).months for language in ("en", *(one for one in LANGUAGES if one != "en"))}


def is_month_name(word: str) -> bool:
    return any(folded(word) in months for months in months_by_language().values())
