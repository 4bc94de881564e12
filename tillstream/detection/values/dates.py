"""How dates are written, and in which order day, month and year stand, proved by rows."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import pairwise

from tillstream.detection.evidence import CERTAIN, LIKELY, Told
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
_MANY = 20_000
_FEW_JUMPS, _MANY_JUMPS, _MOVES = 0.01, 0.1, 8


@dataclass
class Dates:
    """The dates of one column by their shapes; `parts` are (a, b, c) with a cell that holds them."""

    share: float = 0.0
    shapes: dict[tuple[str, ...], dict[tuple[int, int, int], str]] = field(default_factory=lambda: defaultdict(dict))
    named: dict[str, str] = field(default_factory=dict)
    """Formats that are sure because the month is a word or the year is in front, each with a cell."""
    months: set[str] = field(default_factory=set)
    """Names of months, as they stand."""
    timed: bool = False
    offsets: bool = False
    other_than_midnight: bool = False
    strange: list[str] = field(default_factory=list)


def look(column: Column, *, few: bool = False, serial: bool = False) -> Dates:
    """few: only to see whether these are dates at all. serial: numbers of five digits may be days of a spreadsheet."""
    found, good, seen = Dates(), 0, 0
    for number, (word, count) in enumerate(column.words.items()):
        if number >= (200 if few else _MANY):
            break
        seen += count
        if _note(found, word) or (serial and _serial(found, word)):
            good += count
        else:
            found.strange.append(word)
    found.share = good / seen if seen else 0.0
    return found


def _note(found: Dates, word: str) -> bool:
    match = _NUMERIC.match(word)
    if match and (match["s"] == match["t"] or (match["s"], match["t"]) == ("年", "月")):
        parts = (int(match["a"]), int(match["b"]), int(match["c"]))
        wide = (len(match["a"]) == 4, len(match["c"]) == 4)
        if wide == (True, True) or max(len(match["a"]), len(match["c"])) == 3 or not any(_possible(parts, wide)):
            return False
        shape = (match["s"], match["t"], match["end"], "4" if wide[0] else "", "4" if wide[1] else "", _clock(match))
        found.shapes[shape].setdefault(parts, word)
    elif match := _COMPACT.match(word):
        if not _is_date(int(word[:4]), int(word[4:6]), int(word[6:8])):
            return False
        found.named.setdefault("%Y%m%d" + _clock(match), word)
    elif match := _NAMED.match(word) or _NAMED_FIRST.match(word):
        if not known_month(match["b"]):
            return False
        year = "%Y" if len(match["c"]) == 4 else "%y"
        first = match.start("b") < match.start("a")
        parts_ = ("%b", "%d") if first else ("%d", "%b")
        found.months.add(match["b"])
        found.named.setdefault(f"{parts_[0]}{match['s']}{parts_[1]}{match['t']}{year}{_clock(match)}", word)
    else:
        return False
    if match["hour"]:
        found.timed = True
        found.offsets |= bool(match["zone"])
        found.other_than_midnight |= (
            int(match["hour"]) % (12 if match["noon"] else 24) != 0 or int(match["minute"]) != 0
        )
    return True


def _serial(found: Dates, word: str) -> bool:
    match = _SERIAL.match(word)
    if match:
        found.named.setdefault("excel", word)
        found.timed |= bool(match["part"])
        found.other_than_midnight |= bool(match["part"])
    return bool(match)


def _possible(parts: tuple[int, int, int], wide: tuple[bool, bool]) -> Iterable[str]:
    """Orders in which the parts are a day of the calendar."""
    a, b, c = parts
    first, last = wide
    if not last and _is_date(a if first else 2000 + a, b, c):
        yield "YMD"
    if not first and _is_date(c if last else 2000 + c, b, a):
        yield "DMY"
    if not first and _is_date(c if last else 2000 + c, a, b):
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
    noon, colon = match["noon"] or "", match["colon"]
    second = f"{match['second'][0]}%S" if match["second"] else ""
    fraction = ".%f" if match["fraction"] else ""
    ending = f"{noon[:-2]}%p" if noon else ""
    return f"{match['gap']}{'%I' if noon else '%H'}{colon}%M{second}{fraction}{ending}{'%z' if match['zone'] else ''}"


@dataclass(frozen=True)
class DateStyle:
    formats: tuple[str, ...]
    language: str
    timed: bool
    """Whether the times tell anything: some are other than midnight."""
    offsets: bool


def decide(column: Column, found: Dates, sheet: Sheet, told: Told, numbers: Column | None) -> DateStyle:
    """Asks `date_order` where no row proves it. numbers: the sale numbers, which may ascend with the dates."""
    formats = dict(found.named)
    for format_, cell in found.named.items():
        told.find("dates", format_, f"“{cell}” in {column.name}", LIKELY, column.line_of(cell))
    for shape, seen in found.shapes.items():
        order = _order(shape, seen, column, sheet, told, numbers)
        format_ = _format(shape, order)
        formats.setdefault(format_, next(iter(seen.values())))
    language = language_of(found.months, told) if found.months else ""
    return DateStyle(tuple(formats), language, found.timed and found.other_than_midnight, found.offsets)


def _format(shape: tuple[str, ...], order: str) -> str:
    sign, other, end, _, last, clock = shape
    year = "%Y" if shape[3] or last else "%y"
    letters = [year if letter == "y" else f"%{letter}" for letter in ORDERS[order]]
    return f"{letters[0]}{sign}{letters[1]}{other}{letters[2]}{end}{clock}"


def _order(
    shape: tuple[str, ...],
    seen: dict[tuple[int, int, int], str],
    column: Column,
    sheet: Sheet,
    told: Told,
    numbers: Column | None,
) -> str:
    wide = (bool(shape[3]), bool(shape[4]))
    if wide[0]:
        cell = next(iter(seen.values()))
        told.find("date_order", "YMD", f"“{cell}” in {column.name} begins with the year", CERTAIN, column.line_of(cell))
        return "YMD"
    answer = (told.answer("date_order") or "").upper()
    if answer in ORDERS:
        return answer
    left = {"DMY", "MDY"} | (set() if wide[1] else {"YMD"})
    proof: dict[str, str] = {}
    for parts, cell in seen.items():
        ways = set(_possible(parts, wide))
        for gone in left - ways:
            proof.setdefault(gone, cell)
    remain = sorted(left - set(proof))
    words = "In which order do day, month and year stand?"
    if len(remain) == 1:
        cells = sorted(set(proof.values()))[:2]
        evidence = f"{' and '.join(f'“{cell}”' for cell in cells)} in {column.name} can be nothing else"
        told.find("date_order", remain[0], evidence, CERTAIN, column.line_of(*cells))
        return remain[0]
    if not remain:
        cells = sorted(set(proof.values()))[:3]
        evidence = f"{', '.join(f'“{cell}”' for cell in cells)} in {column.name} contradict each other"
        told.ask("date_order", words, ("DMY", "MDY", "YMD"), evidence, column.line_of(*cells))
        return "DMY"
    return _by_ascent(remain, column, sheet, told, numbers, words)


def _by_ascent(
    remain: list[str],
    column: Column,
    sheet: Sheet,
    told: Told,
    numbers: Column | None,
    words: str,
) -> str:
    """The file's rows often follow the days: read in the right order they do not jump."""
    jumps = {order: _jumps(_in_order(column, sheet, order)) for order in remain}
    ranked = sorted(remain, key=lambda order: jumps[order][0])
    best, other = jumps[ranked[0]], jumps[ranked[1]]
    what = f"with the {numbers.name} " if numbers else ""
    cell = next(iter(column.words))
    if best[1] >= _MOVES and best[0] <= _FEW_JUMPS and other[0] >= _MANY_JUMPS:
        evidence = (
            f"so read, the days of {column.name} ascend {what}from row to row; read as {ranked[1]} they jump back"
        )
        told.find("date_order", ranked[0], f"{evidence} in {other[0]:.0%} of their changes", 0.95)
        return ranked[0]
    evidence = f"no day in {column.name} is greater than 12, as in “{cell}”"
    told.ask("date_order", words, tuple(remain), evidence, column.line_of(cell))
    return ranked[0]


def read_as(word: str, order: str) -> date | None:
    """The day of a date in numbers, where its parts stand in this order (DMY, MDY, YMD) and are a day so."""
    match = _NUMERIC.match(word)
    if not match:
        return None
    part = dict(zip(ORDERS[order], (int(match["a"]), int(match["b"]), int(match["c"])), strict=True))
    year = part["y"] if part["y"] > 99 else 2000 + part["y"]
    return date(year, part["m"], part["d"]) if _is_date(year, part["m"], part["d"]) else None


def _in_order(column: Column, sheet: Sheet, order: str) -> list[date]:
    days = {word: day for word in column.words if (day := read_as(word, order))}
    return [days[cell] for cell in column.cells[: sheet.together] if cell in days]


def _jumps(days: Sequence[date]) -> tuple[float, int]:
    """The part of all changes that go against the direction of most, and how many changes there are."""
    moves = Counter((b > a) - (b < a) for a, b in pairwise(days))
    changes = moves[1] + moves[-1]
    return (min(moves[1], moves[-1]) / changes if changes else 1.0), changes


@cache
def _speakers() -> dict[str, dict[str, int]]:
    """Language → name of a month → its number; English first, as most files are."""
    return {language: names(language).months for language in ("en", *(one for one in LANGUAGES if one != "en"))}


def known_month(word: str) -> bool:
    return any(folded(word) in months for months in _speakers().values())


def language_of(words: set[str], told: Told) -> str:
    """The language whose names of months these are. Asks `language` where two would read other months."""
    said = told.answer("language")
    if said in LANGUAGES:
        return str(said)
    spoken = {
        language: {word: months[folded(word)] for word in words}
        for language, months in _speakers().items()
        if all(folded(word) in months for word in words)
    }
    shown = ", ".join(sorted(words)[:4])
    if not spoken:
        told.ask("language", "In which language are the names of months?", LANGUAGES, shown)
        return "en"
    best = next(iter(spoken))
    if len(spoken) > 1:
        told.ask("language", "In which language are the names of months?", tuple(spoken), shown)
    else:
        told.find("language", best, f"the months are called {shown}", CERTAIN)
    return best
