"""Profile the dates and times of a column by their shape, and split days from dates with times."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache

from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.model import date_words
from tillstream.model.date_words import (
    LANGUAGES_BY_USE,
    Era,
    ascii_digits,
    calendar_names,
    era_of_date,
    fold_name,
    to_gregorian,
)
from tillstream.model.document_json import JsonObject

_TIME_PREPOSITIONS = r"at|um|à|a las|às|as|alle ore|alle|ore|om|klo|kl\.?|w|godz\.?|в|о|στις|pukul|lúc|[-–|]"
"""What is written between a date and its time."""
_HALVES_OF_A_DAY = "오전|오후|上午|下午|午前|午後"
"""Names before a time, as AM and PM are written after it."""
_TIME_OF_DAY = (
    rf"(?P<gap>,?[ T_]+(?:(?i:{_TIME_PREPOSITIONS}) +)?|:| ?\()(?:(?P<half>{_HALVES_OF_A_DAY})(?P<after_half> ?))?"
    r"(?P<hour>[0-9]{1,2})"
    r"(?P<colon>[:.h時时点點]|시 ?)(?P<minute>[0-9]{1,2}(?=[分분])|[0-9]{2})"
    r"(?:(?P<before_second>[:.]|分|분 ?)(?P<second>[0-9]{2}|[0-9](?=[秒초])))?"
    r"(?P<fraction>\.[0-9]{1,9})?(?P<noon>\s?[AaPp]\.?\s?[Mm]\.?)?"
    rf"(?P<before_zone> ?)(?P<zone>(?i:{date_words.ZONE_PATTERN}))?"
    r"(?P<end_of_time> ?(?i:uhr|hs\.?|hrs?\.?|h|น\.)|[)分분秒초]| \([^()%]+\))?"
)
NUMERIC_DATE = re.compile(
    rf"^(?P<a>[0-9]{{1,4}})(?P<s>[-/年]|\. ?)(?P<b>[0-9]{{1,2}})(?P<t>[-/月]|\. ?)"
    rf"(?P<c>[0-9]{{1,4}})(?P<end>[日.]?)(?:{_TIME_OF_DAY})?$"
)
COMPACT_DATE = re.compile(rf"^(?P<whole>(?:19|20)[0-9]{{6}})(?:{_TIME_OF_DAY})?$")
_CLOCK_DIGITS = (
    rf"(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?P<second>[0-9]{{2}})?(?P<zone>(?i:{date_words.ZONE_PATTERN}))?"
)
COMPACT_TIME = re.compile(rf"^(?P<whole>(?:19|20)[0-9]{{6}})(?P<gap>T| ){_CLOCK_DIGITS}$")
DATE_AND_TIME_DIGITS = re.compile(rf"^(?P<whole>(?:19|20)[0-9]{{6}})(?P<gap>){_CLOCK_DIGITS}$")
"""Date and time without separators, as 20260301081909."""
RUN_OF_DIGITS = re.compile(r"^(?P<a>[0-9]{2})(?P<s>)(?P<b>[0-9]{2})(?P<t>)(?P<c>[0-9]{4}|[0-9]{2})$")
"""Day, month and year without separators, as 02032026 or 020326."""
_ORDINAL = "st|nd|rd|th|er|º|ª"
_NAMED = re.compile(
    rf"^(?P<a>[0-9]{{1,2}})(?P<ordinal>{_ORDINAL})?(?P<s>\.? |-|/|\.| de | di | of |)(?P<b>[^\W\d_]{{3,12}}\.?)"
    rf"(?P<t> |-|/|, |\.| de | del |)(?P<c>[0-9]{{4}}|[0-9]{{2}})(?P<end> ?[гр]\.?)?(?:{_TIME_OF_DAY})?$"
)
_NAMED_FIRST = re.compile(
    rf"^(?P<b>[^\W\d_]{{3,12}}\.?)(?P<s> |-|/)(?P<a>[0-9]{{1,2}})(?P<ordinal>{_ORDINAL})?(?P<t>,? |-|/)"
    rf"(?P<c>[0-9]{{4}}|[0-9]{{2}})(?P<end>)(?:{_TIME_OF_DAY})?$"
)
_NAMED_LAST = re.compile(
    rf"^(?P<c>[0-9]{{4}})(?P<s>\.? |-|/)(?P<b>[^\W\d_]{{3,12}}\.?)(?P<t> |-|/)(?P<a>[0-9]{{1,2}})(?P<end>\.?)"
    rf"(?:{_TIME_OF_DAY})?$"
)
_YEAR_LAST = re.compile(
    rf"^(?P<b>[^\W\d_]{{3,12}})(?P<s> )(?P<a>[0-9]{{1,2}}){_TIME_OF_DAY}(?P<before_year> )(?P<c>[0-9]{{4}})$"
)
"""A time before the year, as Mar 1 08:19:09 2026."""
NAMED_DATES = (_NAMED, _NAMED_FIRST, _NAMED_LAST, _YEAR_LAST)
UNIX_TIME = re.compile(r"^(?:1[0-9]{9}|1[0-9]{12})$")
"""Seconds or milliseconds since 1970, from 2001 to 2033."""
SERIAL_DATE = re.compile(r"^[2-6][0-9]{4}(?P<part>\.[0-9]+)?$")

_WEEKDAY = re.compile(r"^(?P<name>[^\W\d_]{2,13}(?:-feira)?\.?)(?P<gap>,? )(?=\S)")
DATE_ORDERS = {"DMY": "dmy", "MDY": "mdy", "YMD": "ymd"}
_MAX_PROFILED_WORDS = 20_000

_TIME_AFTER_DAY = re.compile(r",?[ T_]+[0-9]{1,2}[:.][0-9]{2}(?![0-9]).*$")
_DAY_SEPARATORS = (" ", "T")
_DAY_SUFFIX = " (day)"
"""End of the name of the column that is split from one of dates with times."""
_NUMBER_WITH_TIME = re.compile(r"(?P<day>[2-6][0-9]{4})\.[0-9]+|(?P<seconds>1[0-9]{9})(?:[0-9]{3})?")
"""A serial number of a spreadsheet with a time; seconds or milliseconds since 1970."""
_SECONDS_OF_A_DAY, _DAYS_OF_A_NIGHT = 86_400, 2

_CLOCK_TIME = re.compile(
    r"^[0-9]{1,2}(?P<sign>[:.h])[0-9]{2}(?P<second>[:.][0-9]{2})?(?P<fraction>\.[0-9]+)?(?P<noon>\s?[AaPp]\.?\s?[Mm]\.?)?$"
)
_COMPACT_CLOCK_TIME = re.compile(r"^(?:[01][0-9]|2[0-3])[0-5][0-9](?P<second>[0-5][0-9])?$")
_MAX_TIMES = 300


def named_date_format(match: re.Match[str]) -> str:
    """The format of a date with the name of its month."""
    parts = match.groupdict()
    year = "%Y" if len(match["c"]) == 4 else "%y"
    day = f"%d{parts.get('ordinal') or ''}"
    if "before_year" in parts:
        return f"%b{match['s']}{day}{time_format(match)}{match['before_year']}{year}"
    if match.start("c") < match.start("b"):
        return f"{year}{match['s']}%b{match['t']}{day}{match['end']}{time_format(match)}"
    first, second = ("%b", day) if match.start("b") < match.start("a") else (day, "%b")
    return f"{first}{match['s']}{second}{match['t']}{year}{match['end'] or ''}{time_format(match)}"


def time_format(match: re.Match[str]) -> str:
    """The format of the time after a date; empty without one."""
    if not match["hour"]:
        return ""
    am_pm, colon = match["noon"] or "", match["colon"]
    half = f"%p{match['after_half']}" if match["half"] else ""
    second = f"{match['before_second']}%S" if match["second"] else ""
    fraction = ".%f" if match["fraction"] else ""
    suffix = f"{' ' if am_pm[:1].isspace() else ''}%p" if am_pm else ""
    zone = f"{match['before_zone']}%z" if match["zone"] else ""
    end = ("" if match["zone"] else match["before_zone"]) + (match["end_of_time"] or "")
    return f"{match['gap']}{half}{'%I' if am_pm or half else '%H'}{colon}%M{second}{fraction}{suffix}{zone}{end}"


@dataclass(frozen=True)
class DateWords:
    """A date without its weekday and in the common calendar, and what was before it."""

    rest: str
    weekday: str = ""
    prefix: str = ""
    """Format of the weekday and what separates it from the date."""
    era: Era = ""


@lru_cache(maxsize=50_000)
def split_date_words(word: str) -> DateWords:
    """Split a date; a word that is no date keeps its text."""
    text = ascii_digits(word)
    match = _WEEKDAY.match(text)
    if match and is_weekday_name(match["name"]):
        return DateWords(text[match.end() :], match["name"], f"%A{match['gap']}")
    era = era_of_date(text)
    return DateWords(to_gregorian(text, era), era=era)


def has_weekday_name(weekday: str, day: date) -> bool:
    """Whether the day has this name in any language; without a name, every day has it."""
    return not weekday or any(days.get(fold_name(weekday)) == day.weekday() for days in weekdays_by_language().values())


def is_weekday_name(word: str) -> bool:
    return any(fold_name(word) in days for days in weekdays_by_language().values())


@cache
def weekdays_by_language() -> dict[str, dict[str, int]]:
    """Language → weekday name → number; English first, as the most common."""
    return {language: calendar_names(language).weekdays for language in LANGUAGES_BY_USE}


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


def profile_dates(column: SampleColumn, *, few: bool = False, serial: bool = False) -> DateProfile:
    """Profile a column. few: check only some words. serial: accept numbers, such as those of spreadsheets."""
    result, dates, checked = DateProfile(), 0, 0
    for position, (word, count) in enumerate(column.words.items()):
        if position >= (200 if few else _MAX_PROFILED_WORDS):
            break
        checked += count
        if _record_word(result, word) or (serial and _record_serial(result, word)):
            dates += count
        else:
            result.unparsed.append(word)
    result.share = dates / checked if checked else 0.0
    return result


def _record_word(dates: DateProfile, word: str) -> bool:
    if _record_date(dates, word, word):
        dates.eras.add("")
        return True
    words = split_date_words(word)
    if words.rest == word or not _record_date(dates, words.rest, word, words):
        return False
    dates.eras.add(words.era)
    dates.weekdays |= {words.weekday} - {""}
    return True


def _record_date(dates: DateProfile, text: str, word: str, words: DateWords | None = None) -> bool:
    """Record the shape of a date. text: the word without its weekday and in the common calendar."""
    prefix, weekday = (words.prefix, words.weekday) if words else ("", "")
    match = NUMERIC_DATE.match(text)
    if match and (match["s"] == match["t"] or (match["s"], match["t"]) == ("年", "月")):
        if not _record_numeric(dates, match, word, prefix, weekday):
            return False
    elif match := COMPACT_DATE.match(text):
        if prefix or not _is_date(int(text[:4]), int(text[4:6]), int(text[6:8])):
            return False
        dates.named.setdefault("%Y%m%d" + time_format(match), word)
    elif match := COMPACT_TIME.match(text):
        return not prefix and _record_digits(dates, match)
    elif match := next(filter(None, (pattern.match(text) for pattern in NAMED_DATES)), None):
        if not is_month_name(match["b"]):
            return False
        dates.months.add(match["b"])
        dates.named.setdefault(prefix + named_date_format(match), word)
    else:
        return False
    if match["hour"]:
        _record_time(dates, match)
    return True


def _record_numeric(dates: DateProfile, match: re.Match[str], word: str, prefix: str, weekday: str) -> bool:
    """Record a date of three numbers, if it is one in some order."""
    parts = (int(match["a"]), int(match["b"]), int(match["c"]))
    first, last = len(match["a"]), len(match["c"])
    if (first, last) == (4, 4) or max(first, last) == 3:
        return False
    if not any(possible_date_orders(parts, (first == 4, last == 4), weekday)):
        return False
    years = ("4" if first == 4 else "", "4" if last == 4 else "")
    dates.shapes[match["s"], match["t"], match["end"], *years, time_format(match), prefix].setdefault(parts, word)
    return True


def _record_time(dates: DateProfile, match: re.Match[str]) -> None:
    hours = 12 if match["noon"] or match["half"] else 24
    dates.has_times = True
    dates.has_offsets |= bool(match["zone"])
    dates.halves |= {match["half"] or ""} - {""}
    dates.other_than_midnight |= int(match["hour"]) % hours != 0 or int(match["minute"]) != 0


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
    if UNIX_TIME.match(word):
        dates.named.setdefault("unix" if len(word) == 10 else "unix-ms", word)
        dates.has_times = dates.has_offsets = dates.other_than_midnight = True
        return True
    if match := DATE_AND_TIME_DIGITS.match(word):
        return _record_digits(dates, match)
    if match := RUN_OF_DIGITS.match(ascii_digits(word)):
        parts, last = (int(match["a"]), int(match["b"]), int(match["c"])), len(match["c"]) == 4
        if not any(possible_date_orders(parts, (False, last))):
            return False
        dates.shapes["", "", "", "", "4" if last else "", "", ""].setdefault(parts, word)
        return True
    match = SERIAL_DATE.match(word)
    if match:
        dates.named.setdefault("excel", word)
        dates.has_times |= bool(match["part"])
        dates.other_than_midnight |= bool(match["part"])
    return bool(match)


def possible_date_orders(
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
    return 1900 <= year <= 2100 and has_weekday_name(weekday, valid)


def parse_date_in_order(word: str, order: str) -> date | None:
    """Parse a numeric date in this order (DMY, MDY, YMD); None if it is not a valid date."""
    words = split_date_words(word)
    match, weekday = NUMERIC_DATE.match(words.rest) or RUN_OF_DIGITS.match(words.rest), words.weekday
    if not match:
        return None
    parts = dict(zip(DATE_ORDERS[order], (int(match["a"]), int(match["b"]), int(match["c"])), strict=True))
    year = parts["y"] if parts["y"] > 99 else 2000 + parts["y"]
    return date(year, parts["m"], parts["d"]) if _is_date(year, parts["m"], parts["d"], weekday) else None


def is_ambiguous_date(word: str, orders: Iterable[str]) -> bool:
    """Whether the word is a different date in two of these orders."""
    return len({day for order in orders if (day := parse_date_in_order(word, order))}) > 1


@cache
def months_by_language() -> dict[str, dict[str, int]]:
    """Language → month name → month number; English first, as the most common."""
    return {language: calendar_names(language).months for language in LANGUAGES_BY_USE}


def is_month_name(word: str) -> bool:
    return any(fold_name(word) in months for months in months_by_language().values())


def day_of_date(moment: str) -> str:
    """The day of a date, as it is written."""
    if match := _NUMBER_WITH_TIME.fullmatch(moment):
        return match["day"] or str(int(match["seconds"]) // _SECONDS_OF_A_DAY)
    return _TIME_AFTER_DAY.sub("", moment)


def day_column_name(dates: SampleColumn) -> str:
    """The name of the column of days that is split from dates with times; that of the dates if it cannot be."""
    has_times = any(day_of_date(cell) != cell for cell in dates.words)
    return f"{dates.name}{_DAY_SUFFIX}" if has_times and _day_separator(dates.words) else dates.name


def derived_day_columns(names: Sequence[str], sheet: Sheet) -> dict[str, JsonObject]:
    """The columns of days among these names, as `made` of a contract splits them from the dates."""
    return {
        name: {"split": column.name, "by": _day_separator(column.words), "part": 1}
        for name in names
        if name not in sheet.columns and (column := sheet.columns.get(name.removesuffix(_DAY_SUFFIX)))
    }


def are_days_of_night(days: Collection[str]) -> bool:
    """Whether these are two days of which one may follow the other."""
    read = [[parse_date_in_order(day, order) for day in days] for order in DATE_ORDERS]
    gaps = [abs((one[0] - one[1]).days) for one in read if len(one) == _DAYS_OF_A_NIGHT and one[0] and one[1]]
    return any(gap <= 1 for gap in gaps)


def _day_separator(moments: Iterable[str]) -> str:
    """The sign between day and time in all of these; empty if there is none."""
    distinct = tuple(moments)
    return next(
        (
            sign
            for sign in _DAY_SEPARATORS
            if all(cell.split(sign)[0].rstrip(",") == day_of_date(cell) for cell in distinct)
        ),
        "",
    )


def clock_formats(column: SampleColumn) -> tuple[str, ...]:
    """Time formats of the column; empty if any cell is not a time."""
    formats: dict[str, None] = {}
    for word in list(column.words)[:_MAX_TIMES]:
        if match := _CLOCK_TIME.match(word):
            second = f"{match['second'][0]}%S" if match["second"] else ""
            am_pm = f"{' ' if match['noon'][0].isspace() else ''}%p" if match["noon"] else ""
            fraction = ".%f" if match["fraction"] else ""
            formats[f"{'%I' if am_pm else '%H'}{match['sign']}%M{second}{fraction}{am_pm}"] = None
        elif match := _COMPACT_CLOCK_TIME.match(word):
            formats["%H%M%S" if match["second"] else "%H%M"] = None
        else:
            return ()
    return tuple(formats)
