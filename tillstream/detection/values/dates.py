"""Detect date formats, and the order of day, month and year."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import pairwise

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.domain.month_names import LANGUAGES, folded, names

ORDERS = {"DMY": "dmy", "MDY": "mdy", "YMD": "ymd"}
_TIME = (
    r"(?P<gap>[ T_]+)(?P<hour>[0-9]{1,2})(?P<colon>[:.])(?P<minute>[0-9]{2})(?P<second>[:.][0-9]{2})?"
    r"(?P<fraction>\.[0-9]{1,6})?(?P<noon>\s?[AaPp][Mm])?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_NUMERIC = re.compile(
    rf"^(?P<a>[0-9]{{1,4}})(?P<s>[-/.年])(?P<b>[0-9]{{1,2}})(?P<t>[-/.月])(?P<c>[0-9]{{1,4}})(?P<end>日?)(?:{_TIME})?$"
)
_COMPACT = re.compile(rf"^(?P<whole>(?:19|20)[0-9]{{6}})(?:{_TIME})?$")
_NAMED = re.compile(
    rf"^(?P<a>[0-9]{{1,2}})(?P<s>\.? |-|/|\.)(?P<b>[^\W\d_]{{3,12}}\.?)(?P<t> |-|/|, )"
    rf"(?P<c>[0-9]{{4}}|[0-9]{{2}})(?:{_TIME})?$"
)
_NAMED_FIRST = re.compile(
    rf"^(?P<b>[^\W\d_]{{3,12}}\.?)(?P<s> )(?P<a>[0-9]{{1,2}})(?P<t>, )(?P<c>[0-9]{{4}})(?:{_TIME})?$"
)
_SERIAL = re.compile(r"^[2-6][0-9]{4}(?P<part>\.[0-9]+)?$")
_MAX_WORDS = 20_000
_FEW_JUMPS, _MANY_JUMPS, _MOVES = 0.01, 0.1, 8


@dataclass
class DateProfile:
    """Dates of a column by shape. `shapes`: shape → (a, b, c) parts → example cell."""

    share: float = 0.0
    shapes: dict[tuple[str, ...], dict[tuple[int, int, int], str]] = field(default_factory=lambda: defaultdict(dict))
    named: dict[str, str] = field(default_factory=dict)
    """Unambiguous formats, with a month name, a leading year or a serial number → example cell."""
    months: set[str] = field(default_factory=set)
    """Month names as in the cells."""
    has_times: bool = False
    has_offsets: bool = False
    other_than_midnight: bool = False
    unparsed: list[str] = field(default_factory=list)


def profile(column: Column, *, few: bool = False, serial: bool = False) -> DateProfile:
    """Profile a column. few: check only some words. serial: accept five-digit spreadsheet serial dates."""
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
    match = _NUMERIC.match(word)
    if match and (match["s"] == match["t"] or (match["s"], match["t"]) == ("年", "月")):
        parts = (int(match["a"]), int(match["b"]), int(match["c"]))
        four_digit_ends = (len(match["a"]) == 4, len(match["c"]) == 4)
        if (
            four_digit_ends == (True, True)
            or max(len(match["a"]), len(match["c"])) == 3
            or not any(_possible_orders(parts, four_digit_ends))
        ):
            return False
        shape = (
            match["s"],
            match["t"],
            match["end"],
            "4" if four_digit_ends[0] else "",
            "4" if four_digit_ends[1] else "",
            _clock(match),
        )
        dates.shapes[shape].setdefault(parts, word)
    elif match := _COMPACT.match(word):
        if not _is_date(int(word[:4]), int(word[4:6]), int(word[6:8])):
            return False
        dates.named.setdefault("%Y%m%d" + _clock(match), word)
    elif match := _NAMED.match(word) or _NAMED_FIRST.match(word):
        if not is_month_name(match["b"]):
            return False
        year = "%Y" if len(match["c"]) == 4 else "%y"
        month_first = match.start("b") < match.start("a")
        month_day = ("%b", "%d") if month_first else ("%d", "%b")
        dates.months.add(match["b"])
        dates.named.setdefault(f"{month_day[0]}{match['s']}{month_day[1]}{match['t']}{year}{_clock(match)}", word)
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
    match = _SERIAL.match(word)
    if match:
        dates.named.setdefault("excel", word)
        dates.has_times |= bool(match["part"])
        dates.other_than_midnight |= bool(match["part"])
    return bool(match)


def _possible_orders(parts: tuple[int, int, int], four_digit_ends: tuple[bool, bool]) -> Iterable[str]:
    """Orders in which the parts form a valid date."""
    a, b, c = parts
    first_is_year, last_is_year = four_digit_ends
    if not last_is_year and _is_date(a if first_is_year else 2000 + a, b, c):
        yield "YMD"
    if not first_is_year and _is_date(c if last_is_year else 2000 + c, b, a):
        yield "DMY"
    if not first_is_year and _is_date(c if last_is_year else 2000 + c, a, b):
        yield "MDY"


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return 1900 <= year <= 2100


def _clock(match: re.Match[str]) -> str:
    if not match["hour"]:
        return ""
    am_pm, colon = match["noon"] or "", match["colon"]
    second = f"{match['second'][0]}%S" if match["second"] else ""
    fraction = ".%f" if match["fraction"] else ""
    suffix = f"{am_pm[:-2]}%p" if am_pm else ""
    return f"{match['gap']}{'%I' if am_pm else '%H'}{colon}%M{second}{fraction}{suffix}{'%z' if match['zone'] else ''}"


@dataclass(frozen=True)
class DateStyle:
    formats: tuple[str, ...]
    language: str
    has_times: bool
    """Whether any time differs from midnight."""
    has_offsets: bool


def decide(column: Column, dates: DateProfile, sheet: Sheet, log: DetectionLog, numbers: Column | None) -> DateStyle:
    """Detect the date style. Asks `date_order` if no row proves it. numbers: the sale id column, if any."""
    formats = dict(dates.named)
    for format_, cell in dates.named.items():
        log.add_finding("dates", format_, f"“{cell}” in {column.name}", LIKELY, column.first_lines(cell))
    for shape, examples in dates.shapes.items():
        order = _order(shape, examples, column, sheet, log, numbers)
        format_ = _format(shape, order)
        formats.setdefault(format_, next(iter(examples.values())))
    language = language_of(dates.months, log) if dates.months else ""
    return DateStyle(tuple(formats), language, dates.has_times and dates.other_than_midnight, dates.has_offsets)


def _format(shape: tuple[str, ...], order: str) -> str:
    separator, other, end, _, last, clock = shape
    year = "%Y" if shape[3] or last else "%y"
    letters = [year if letter == "y" else f"%{letter}" for letter in ORDERS[order]]
    return f"{letters[0]}{separator}{letters[1]}{other}{letters[2]}{end}{clock}"


def _order(
    shape: tuple[str, ...],
    examples: dict[tuple[int, int, int], str],
    column: Column,
    sheet: Sheet,
    log: DetectionLog,
    numbers: Column | None,
) -> str:
    four_digit_ends = (bool(shape[3]), bool(shape[4]))
    if four_digit_ends[0]:
        cell = next(iter(examples.values()))
        log.add_finding(
            "date_order", "YMD", f"“{cell}” in {column.name} begins with the year", CERTAIN, column.first_lines(cell)
        )
        return "YMD"
    answer = (log.answer("date_order") or "").upper()
    if answer in ORDERS:
        return answer
    candidates = {"DMY", "MDY"} | (set() if four_digit_ends[1] else {"YMD"})
    exclusions: dict[str, str] = {}
    for parts, cell in examples.items():
        possible = set(_possible_orders(parts, four_digit_ends))
        for excluded in candidates - possible:
            exclusions.setdefault(excluded, cell)
    remaining = sorted(candidates - set(exclusions))
    words = "In which order do day, month and year stand?"
    if len(remaining) == 1:
        cells = sorted(set(exclusions.values()))[:2]
        evidence = f"{' and '.join(f'“{cell}”' for cell in cells)} in {column.name} can be nothing else"
        log.add_finding("date_order", remaining[0], evidence, CERTAIN, column.first_lines(*cells))
        return remaining[0]
    if not remaining:
        cells = sorted(set(exclusions.values()))[:3]
        evidence = f"{', '.join(f'“{cell}”' for cell in cells)} in {column.name} contradict each other"
        log.add_question("date_order", words, ("DMY", "MDY", "YMD"), evidence, column.first_lines(*cells))
        return "DMY"
    return _order_by_sequence(remaining, column, sheet, log, numbers, words)


def _order_by_sequence(
    remaining: list[str],
    column: Column,
    sheet: Sheet,
    log: DetectionLog,
    numbers: Column | None,
    words: str,
) -> str:
    """Determine the order by row sequence: files are often sorted by date, so the right order has few jumps."""
    jumps = {order: _jumps(_in_order(column, sheet, order)) for order in remaining}
    ranked = sorted(remaining, key=lambda order: jumps[order][0])
    best, other = jumps[ranked[0]], jumps[ranked[1]]
    context = f"with the {numbers.name} " if numbers else ""
    cell = next(iter(column.words))
    if best[1] >= _MOVES and best[0] <= _FEW_JUMPS and other[0] >= _MANY_JUMPS:
        evidence = (
            f"so read, the days of {column.name} ascend {context}from row to row; read as {ranked[1]} they jump back"
        )
        log.add_finding("date_order", ranked[0], f"{evidence} in {other[0]:.0%} of their changes", 0.95)
        return ranked[0]
    evidence = f"no day in {column.name} is greater than 12, as in “{cell}”"
    log.add_question("date_order", words, tuple(remaining), evidence, column.first_lines(cell))
    return ranked[0]


def parse_in_order(word: str, order: str) -> date | None:
    """Parse a numeric date in this order (DMY, MDY, YMD); None if it is not a valid date."""
    match = _NUMERIC.match(word)
    if not match:
        return None
    parts = dict(zip(ORDERS[order], (int(match["a"]), int(match["b"]), int(match["c"])), strict=True))
    year = parts["y"] if parts["y"] > 99 else 2000 + parts["y"]
    return date(year, parts["m"], parts["d"]) if _is_date(year, parts["m"], parts["d"]) else None


def _in_order(column: Column, sheet: Sheet, order: str) -> list[date]:
    days = {word: day for word in column.words if (day := parse_in_order(word, order))}
    return [days[cell] for cell in column.cells[: sheet.contiguous_rows] if cell in days]


def _jumps(days: Sequence[date]) -> tuple[float, int]:
    """Share of changes against the prevailing direction, and the number of changes."""
    moves = Counter((b > a) - (b < a) for a, b in pairwise(days))
    changes = moves[1] + moves[-1]
    return (min(moves[1], moves[-1]) / changes if changes else 1.0), changes


@cache
def _months_by_language() -> dict[str, dict[str, int]]:
    """Language → month name → month number; English first, as the most common."""
    return {language: names(language).months for language in ("en", *(one for one in LANGUAGES if one != "en"))}


def is_month_name(word: str) -> bool:
    return any(folded(word) in months for months in _months_by_language().values())


def language_of(words: set[str], log: DetectionLog) -> str:
    """Language of the month names. Asks `language` if none or several match."""
    answer = log.answer("language")
    if answer in LANGUAGES:
        return str(answer)
    matches = {
        language: {word: months[folded(word)] for word in words}
        for language, months in _months_by_language().items()
        if all(folded(word) in months for word in words)
    }
    listed = ", ".join(sorted(words)[:4])
    if not matches:
        log.add_question("language", "In which language are the names of months?", LANGUAGES, listed)
        return "en"
    best = next(iter(matches))
    if len(matches) > 1:
        log.add_question("language", "In which language are the names of months?", tuple(matches), listed)
    else:
        log.add_finding("language", best, f"the months are called {listed}", CERTAIN)
    return best
