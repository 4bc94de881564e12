"""Convert the text of a cell or a form field to a value of an entry, and back. Nothing is guessed: what has two
meanings is a problem."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tillstream.domain.catalogue.aliases import Alias
from tillstream.domain.catalogue.entries import OpeningHours
from tillstream.domain.catalogue.json_codec import decimal_text
from tillstream.domain.catalogue.problems import EntryProblem
from tillstream.model.money import CURRENCIES

LONGEST_CODE, LONGEST_TEXT = 100, 300
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
YES = frozenset({"yes", "y", "true", "1", "x", "active"})
NO = frozenset({"no", "n", "false", "0", "retired", "inactive"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")


class CellProblem(Exception):
    """The text of a field cannot be converted."""

    def __init__(self, code: str, value: str = "", detail: str = "") -> None:
        super().__init__(code)
        self.code, self.value, self.detail = code, value, detail

    def of(self, field: str) -> EntryProblem:
        return EntryProblem(self.code, field, self.value, self.detail)


def text(cell: str) -> str:
    words = " ".join(cell.split())
    if len(words) > LONGEST_TEXT:
        raise CellProblem("too-long", words, str(LONGEST_TEXT))
    return _CONTROL.sub("", words)


def code(cell: str) -> str:
    """A code without spaces around it; upper and lower case are kept, as in the ledger."""
    value = cell.strip()
    if len(value) > LONGEST_CODE:
        raise CellProblem("too-long", value, str(LONGEST_CODE))
    if _CONTROL.search(value):
        raise CellProblem("wrong-code", _CONTROL.sub("�", value), "control characters")
    if ";" in value:
        raise CellProblem("wrong-code", value, "semicolons")
    return value


def codes(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code(one) for one in cell.split(";") if one.strip()))


def flag(cell: str) -> bool:
    word = cell.strip().casefold()
    if word in YES or not word:
        return True
    if word in NO:
        return False
    raise CellProblem("wrong-choice", cell.strip(), "yes or no")


def number(cell: str) -> Decimal:
    """A number with a decimal point or comma; a single separator with three digits after it has two meanings."""
    word = re.sub(r"[\s\u00a0\u202f']", "", cell)
    plain = word
    if "," in word and "." in word:
        group, point = (",", ".") if word.rindex(".") > word.rindex(",") else (".", ",")
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(\{group}\d{{3}})+\{point}\d+", word):
            raise CellProblem("wrong-number", cell)
        plain = word.replace(group, "").replace(point, ".")
    elif "," in word:
        if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", word):
            raise CellProblem("wrong-number", cell, ", because the comma can separate decimals or thousands")
        plain = word.replace(",", ".") if word.count(",") == 1 else word
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", plain):
        raise CellProblem("wrong-number", cell)
    try:
        value = Decimal(plain)
    except InvalidOperation as error:
        raise CellProblem("wrong-number", cell) from error
    digits = decimal_text(abs(value)).partition(".")
    if len(digits[0]) > 29 or len(digits[2]) > 9:
        raise CellProblem("wrong-number", cell, " of at most 29 digits and 9 decimals")
    return Decimal(decimal_text(value))


def amount(cell: str) -> Decimal:
    value = number(cell)
    if value < 0:
        raise CellProblem("negative-amount", decimal_text(value))
    return value


def positive_or_none(cell: str) -> Decimal | None:
    if not cell.strip():
        return None
    value = number(cell)
    if value <= 0:
        raise CellProblem("not-positive", decimal_text(value))
    return value


def day(cell: str) -> date | None:
    match = _DAY.fullmatch(cell.strip())
    if not cell.strip():
        return None
    try:
        return date(*map(int, match.groups())) if match else _not_a_day(cell)
    except ValueError:
        return _not_a_day(cell)


def _not_a_day(cell: str) -> date:
    raise CellProblem("wrong-date", cell.strip())


def currency(cell: str) -> str:
    value = cell.strip().upper()
    if value and value not in CURRENCIES:
        raise CellProblem("unknown-currency", cell.strip())
    return value


def time_zone(cell: str) -> str:
    value = cell.strip()
    try:
        if value:
            ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CellProblem("unknown-time-zone", value) from error
    return value


def latitude(cell: str) -> Decimal | None:
    return _degrees(cell, 90)


def longitude(cell: str) -> Decimal | None:
    return _degrees(cell, 180)


def _degrees(cell: str, most: int) -> Decimal | None:
    if not cell.strip():
        return None
    value = number(cell)
    if abs(value) > most:
        raise CellProblem("wrong-coordinate", decimal_text(value), str(most))
    return value


def rate(cell: str) -> Decimal:
    """A percentage as a fraction. A number up to 1 without a percent sign can mean a fraction or a percentage."""
    word = cell.strip()
    value = number(word.removesuffix("%"))
    if not word.endswith("%") and 0 < value <= 1:
        raise CellProblem("ambiguous-rate", word, f"{decimal_text(value * 100)}% or {decimal_text(value)}%")
    if not 0 < value <= 100:
        raise CellProblem("wrong-rate", word)
    return value / 100


def aliases(cell: str) -> tuple[Alias, ...]:
    parsed = []
    for part in filter(None, (one.strip() for one in cell.split(";"))):
        region, colon, alias_code = part.partition(":")
        if not colon or not region.strip() or not alias_code.strip():
            raise CellProblem("wrong-alias", part)
        parsed.append(Alias(region.strip(), code(alias_code)))
    return tuple(dict.fromkeys(parsed))


def opening_hours(cell: str) -> tuple[OpeningHours, ...]:
    days: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in cell.split(";"))):
        names, _, hours = part.partition(" ")
        hours = hours.replace(" ", "").replace("–", "-")
        first, _, last = (one.strip()[:3].capitalize() for one in names.replace("–", "-").partition("-"))
        if first not in WEEKDAYS or (last and last not in WEEKDAYS) or not _are_hours(hours):
            raise CellProblem("wrong-hours", part)
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        for index in range(start, end + 1 if end >= start else end + 8):
            if WEEKDAYS[index % 7] in days:
                raise CellProblem("repeated-day", WEEKDAYS[index % 7])
            days[WEEKDAYS[index % 7]] = hours
    return tuple(OpeningHours(one, days[one]) for one in WEEKDAYS if one in days)


def _are_hours(hours: str) -> bool:
    spans = hours.split(",")
    return all(_HOURS.fullmatch(span) and span[:5] < span[6:] for span in spans)


def show(value: object) -> str:
    """The text of a value, which converts back to it."""
    match value:
        case None:
            shown = ""
        case bool():
            shown = "yes" if value else "no"
        case Decimal():
            shown = decimal_text(value)
        case Alias():
            shown = f"{value.region}:{value.code}"
        case OpeningHours():
            shown = f"{value.day} {value.hours}"
        case tuple():
            shown = "; ".join(map(show, value))
        case _:
            shown = str(value)
    return shown


def show_rate(value: object) -> str:
    return f"{decimal_text(value * 100)}%" if isinstance(value, Decimal) else ""
