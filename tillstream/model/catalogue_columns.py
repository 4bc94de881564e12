"""Columns of entries and imported tables: headers, the texts of cells as values, and problems of wrong ones.

`docs/catalogue.md` lists the columns; a test keeps the two in sync. A text with two meanings is a problem: nothing is
guessed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Rejected
from tillstream.model.money import CURRENCIES
from tillstream.model.product_catalogue import ENTRY_CLASSES, Alias, Entry, EntryKind, WeekdayHours

ENTRY_PROBLEMS: dict[str, tuple[str, str]] = {
    "missing-value": ("{field} is empty.", "Enter a value."),
    "too-long": ("{field} has more than {detail} characters.", "Shorten the text."),
    "wrong-code": ("{field} is “{value}”; a code cannot contain {detail}.", "Write the code without them."),
    "wrong-number": ("{field} is “{value}”, which is not a number{detail}.", "Write it as 1234.50."),
    "negative-amount": ("{field} is {value}; it cannot be below 0.", "Enter 0 or more."),
    "not-positive": ("{field} is {value}; it must be above 0.", "Enter a number above 0, or leave it empty."),
    "wrong-date": ("{field} is “{value}”, which is not a date.", "Write year, month and day, such as 2026-12-31."),
    "dates-reversed": ("The last day {value} is before the first day {detail}.", "Correct one of the days."),
    "wrong-choice": ("{field} is “{value}”; it can be {detail}.", "Choose one of these values."),
    "unknown-currency": ("{field} is “{value}”, which is not a currency.", "Use a code of ISO 4217, such as EUR."),
    "unknown-time-zone": ("{field} is “{value}”, which is not a time zone.", "Use a name such as Europe/London."),
    "unknown-region": ("“{value}” is not a region; regions are {detail}.", "Use one of these regions."),
    "unknown-product": ("There is no product “{value}”.", "Add the product first, or correct the code."),
    "unknown-store": ("There is no store “{value}” in {detail}.", "Add the store first, or correct the code."),
    "wrong-hours": (
        "{field}: “{value}” is not a day with its hours.",
        "Write them as Mon-Fri 09:00-18:00; Sat 10:00-16:00.",
    ),
    "repeated-day": (
        "{field}: “{value}” is there twice.",
        "Write a day once, its hours separated by commas: Mon 09:00-12:00,13:00-18:00.",
    ),
    "half-location": ("{field} is empty, but a location has both coordinates.", "Enter both or none."),
    "wrong-coordinate": ("{field} is {value}; it must be from -{detail} to {detail}.", "Write it in degrees."),
    "ambiguous-rate": ("{field} is {value}, which can mean {detail}.", "Write it with the percent sign."),
    "wrong-rate": ("{field} is {value}; it must be above 0% and at most 100%.", "Write a percentage, such as 20%."),
    "wrong-target": ("A promotion is for one product or for one category.", "Fill exactly one of the two."),
    "wrong-alias": (
        "{field}: “{value}” is not a region and a code.",
        "Write REGION:CODE, or *:CODE for all regions, separated by semicolons.",
    ),
    "unreadable-row": ("The row cannot be read: {value}.", "Correct the quotation marks and separators of the row."),
    "repeated-entry": ("The file has “{value}” in line {detail}, too.", "Keep one of the two rows."),
    "code-of-another": (
        "The code “{value}” already belongs to the product {detail}.",
        "Remove it from one of the two.",
    ),
    "code-of-a-product": (
        "The code “{value}” is that of the product {detail}.",
        "Remove it here. If both are one product, retire the other one first, then enter its code here.",
    ),
    "alias-cycle": ("The other codes form a cycle: {detail}.", "Remove one of these codes."),
    "overlapping-amounts": (
        "{field} of {value} has two values from the same day: {detail}.",
        "Keep one of the values, or let it start on another day.",
    ),
    "overlapping-promotions": (
        "The promotion overlaps {detail}, which has the same kind.",
        "Change its days, its stores or its kind.",
    ),
    "not-permitted": ("You cannot change {value}.", "Ask an administrator."),
}
"""Code → message and remedy. A message may contain {field}, {value} and {detail}."""

LONGEST_CODE, LONGEST_TEXT = 100, 300
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
YES_WORDS = frozenset({"yes", "y", "true", "1", "x", "active"})
NO_WORDS = frozenset({"no", "n", "false", "0", "retired", "inactive"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")

KEY_COLUMNS: dict[EntryKind, tuple[str, ...]] = {
    EntryKind.PRODUCT: ("code",),
    EntryKind.STORE: ("region", "store_id"),
    EntryKind.SALESPERSON: ("region", "salesperson_id"),
    EntryKind.PROMOTION: ("promotion_id",),
    EntryKind.SUPPLIER: ("code",),
}


@dataclass(frozen=True)
class EntryProblem:
    """A problem of one field of an entry; `field` is empty if it concerns the whole entry."""

    code: str
    field: str = ""
    value: str = ""
    detail: str = ""

    @property
    def message(self) -> str:
        """The message with the name of the field in files."""
        return self.message_with({})

    def message_with(self, labels: Mapping[str, str]) -> str:
        """The message with the label of the field on a page."""
        words = labels.get(self.field) or self.field.replace("_", " ").capitalize()
        return ENTRY_PROBLEMS[self.code][0].format(field=words, value=self.value, detail=self.detail)

    @property
    def remedy(self) -> str:
        return ENTRY_PROBLEMS[self.code][1]


class InvalidEntry(Rejected):
    """An entry that cannot be saved, with all its problems."""

    def __init__(self, problems: Sequence[EntryProblem]) -> None:
        super().__init__(" ".join(f"{one.message} {one.remedy}" for one in problems))
        self.problems = tuple(problems)
        self.code = problems[0].code


class CellProblem(Exception):
    """The text of a field cannot be converted."""

    def __init__(self, code: str, value: str = "", detail: str = "") -> None:
        super().__init__(code)
        self.code, self.value, self.detail = code, value, detail

    def at_field(self, field: str) -> EntryProblem:
        return EntryProblem(self.code, field, self.value, self.detail)


def parse_text(cell: str) -> str:
    words = " ".join(cell.split())
    if len(words) > LONGEST_TEXT:
        raise CellProblem("too-long", words, str(LONGEST_TEXT))
    return _CONTROL.sub("", words)


def parse_code(cell: str) -> str:
    """A code without spaces around it; upper and lower case are kept, as in the ledger."""
    value = cell.strip()
    if len(value) > LONGEST_CODE:
        raise CellProblem("too-long", value, str(LONGEST_CODE))
    if _CONTROL.search(value):
        raise CellProblem("wrong-code", _CONTROL.sub("�", value), "control characters")
    if ";" in value:
        raise CellProblem("wrong-code", value, "semicolons")
    return value


def parse_codes(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parse_code(one) for one in cell.split(";") if one.strip()))


def parse_flag(cell: str) -> bool:
    word = cell.strip().casefold()
    if word in YES_WORDS or not word:
        return True
    if word in NO_WORDS:
        return False
    raise CellProblem("wrong-choice", cell.strip(), "yes or no")


def parse_number(cell: str) -> Decimal:
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


def parse_amount(cell: str) -> Decimal:
    value = parse_number(cell)
    if value < 0:
        raise CellProblem("negative-amount", decimal_text(value))
    return value


def parse_positive(cell: str) -> Decimal | None:
    if not cell.strip():
        return None
    value = parse_number(cell)
    if value <= 0:
        raise CellProblem("not-positive", decimal_text(value))
    return value


def parse_day(cell: str) -> date | None:
    match = _DAY.fullmatch(cell.strip())
    if not cell.strip():
        return None
    try:
        return date(*map(int, match.groups())) if match else _not_a_day(cell)
    except ValueError:
        return _not_a_day(cell)


def _not_a_day(cell: str) -> date:
    raise CellProblem("wrong-date", cell.strip())


def parse_currency(cell: str) -> str:
    value = cell.strip().upper()
    if value and value not in CURRENCIES:
        raise CellProblem("unknown-currency", cell.strip())
    return value


def parse_time_zone(cell: str) -> str:
    value = cell.strip()
    try:
        if value:
            ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CellProblem("unknown-time-zone", value) from error
    return value


def parse_latitude(cell: str) -> Decimal | None:
    return _degrees(cell, 90)


def parse_longitude(cell: str) -> Decimal | None:
    return _degrees(cell, 180)


def _degrees(cell: str, most: int) -> Decimal | None:
    if not cell.strip():
        return None
    value = parse_number(cell)
    if abs(value) > most:
        raise CellProblem("wrong-coordinate", decimal_text(value), str(most))
    return value


def parse_rate(cell: str) -> Decimal:
    """A percentage as a fraction. A number up to 1 without a percent sign can mean a fraction or a percentage."""
    word = cell.strip()
    value = parse_number(word.removesuffix("%"))
    if not word.endswith("%") and 0 < value <= 1:
        raise CellProblem("ambiguous-rate", word, f"{decimal_text(value * 100)}% or {decimal_text(value)}%")
    if not 0 < value <= 100:
        raise CellProblem("wrong-rate", word)
    return value / 100


def parse_aliases(cell: str) -> tuple[Alias, ...]:
    parsed = []
    for part in filter(None, (one.strip() for one in cell.split(";"))):
        region, colon, alias_code = part.partition(":")
        if not colon or not region.strip() or not alias_code.strip():
            raise CellProblem("wrong-alias", part)
        parsed.append(Alias(region.strip(), parse_code(alias_code)))
    return tuple(dict.fromkeys(parsed))


def parse_opening_hours(cell: str) -> tuple[WeekdayHours, ...]:
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
    return tuple(WeekdayHours(one, days[one]) for one in WEEKDAYS if one in days)


def _are_hours(hours: str) -> bool:
    spans = hours.split(",")
    return all(_HOURS.fullmatch(span) and span[:5] < span[6:] for span in spans)


def value_text(value: object) -> str:
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
        case WeekdayHours():
            shown = f"{value.day} {value.hours}"
        case tuple():
            shown = "; ".join(map(value_text, value))
        case _:
            shown = str(value)
    return shown


def rate_text(value: object) -> str:
    return f"{decimal_text(value * 100)}%" if isinstance(value, Decimal) else ""


@dataclass(frozen=True)
class EntryColumn:
    """A field of a kind. `headers`: further names of the column in files, in lower case without spaces and signs."""

    name: str
    parse: Callable[[str], Any] = parse_text
    required: bool = False
    headers: tuple[str, ...] = ()
    show: Callable[[object], str] = value_text
    default: str = ""


_c = EntryColumn
_ACTIVE = _c("active", parse_flag, headers=("isactive", "enabled", "status", "state"), default="yes")
_NAME = _c("name", required=True, headers=("title", "description", "productname", "storename", "fullname"))
_REGION = _c("region", parse_code, required=True)
ENTRY_COLUMNS: dict[EntryKind, tuple[EntryColumn, ...]] = {
    EntryKind.PRODUCT: (
        _c("code", parse_code, required=True, headers=("product", "productid", "productcode", "sku", "item", "id")),
        _NAME,
        _c("category", headers=("group", "department", "productcategory")),
        _c("pack_size", parse_positive, headers=("pack", "packquantity", "unitsperpack")),
        _c("supplier", parse_code, headers=("suppliercode", "vendor")),
        _c("minimum_order", parse_positive, headers=("moq", "minorder", "minimumorderquantity")),
        _c("shelf_life_days", parse_positive, headers=("shelflife", "daystosell")),
        _c("minimum_stock", parse_positive, headers=("minstock", "reorderlevel", "reorderpoint")),
        _c("barcodes", parse_codes, headers=("barcode", "ean", "gtin", "upc")),
        _c("aliases", parse_aliases, headers=("alias", "othercodes")),
        _ACTIVE,
    ),
    EntryKind.STORE: (
        _REGION,
        _c("store_id", parse_code, required=True, headers=("store", "code", "storecode", "id", "branch")),
        _NAME,
        _c("country", headers=("countrycode",)),
        _c("time_zone", parse_time_zone, headers=("timezone", "tz")),
        _c("currency", parse_currency, headers=("currencycode",)),
        _c("latitude", parse_latitude, headers=("lat",)),
        _c("longitude", parse_longitude, headers=("lon", "lng", "long")),
        _c("opening_hours", parse_opening_hours, headers=("hours", "openinghours")),
        _ACTIVE,
    ),
    EntryKind.SALESPERSON: (
        _REGION,
        _c("salesperson_id", parse_code, required=True, headers=("salesperson", "code", "id", "employee", "staffid")),
        _NAME,
        _c("stores", parse_codes, headers=("store", "storeid", "storeids", "branches")),
        _ACTIVE,
    ),
    EntryKind.PROMOTION: (
        _c("promotion_id", parse_code, required=True, headers=("promotion", "code", "id", "promotioncode")),
        _NAME,
        _c("product", parse_code, headers=("productid", "productcode", "sku")),
        _c("category", headers=("group", "productcategory")),
        _c("region", parse_code, default="*"),
        _c("store_id", parse_code, headers=("store", "storecode")),
        _c("kind", parse_text, headers=("type",), default="discount"),
        _c("rate", parse_rate, required=True, headers=("discount", "percent", "percentage"), show=rate_text),
        _c("valid_from", parse_day, headers=("from", "start", "startdate", "starts")),
        _c("valid_to", parse_day, headers=("to", "until", "end", "enddate", "ends")),
        _ACTIVE,
    ),
    EntryKind.SUPPLIER: (
        _c("code", parse_code, required=True, headers=("supplier", "suppliercode", "supplierid", "id")),
        _NAME,
        _c("email", headers=("mail", "emailaddress")),
        _c("phone", headers=("telephone", "phonenumber")),
        _c("lead_time_days", parse_positive, headers=("leadtime", "deliverydays", "deliverytime")),
        _c("review_days", parse_positive, headers=("reviewperiod", "orderevery", "ordercycle")),
        _ACTIVE,
    ),
}
AMOUNT_COLUMNS: tuple[EntryColumn, ...] = (
    _c("code", parse_code, required=True, headers=("product", "productid", "productcode", "sku", "item")),
    _c("region", parse_code, default="*"),
    _c("currency", parse_currency, headers=("currencycode",)),
    _c("valid_from", parse_day, headers=("from", "start", "startdate", "date")),
    _c("amount", parse_amount, required=True, headers=("price", "cost", "unitprice", "unitcost", "value", "listprice")),
)
"""Columns of files of prices and costs."""


def normalised_header(text: str) -> str:
    return re.sub(r"[^\w*]|_", "", text.casefold())


def map_headers(headers: Sequence[str], columns: Sequence[EntryColumn]) -> dict[str, int]:
    """Column name → position in the file; columns that no header names are left out. The exact name comes first."""
    positions: dict[str, int] = {}
    for index, header in enumerate(headers):
        positions.setdefault(normalised_header(header), index)
    mapped: dict[str, int] = {}
    for exact in (True, False):
        for column in columns:
            names = [normalised_header(column.name)] if exact else list(column.headers)
            free = [positions[name] for name in names if name in positions and positions[name] not in mapped.values()]
            if column.name not in mapped and free:
                mapped[column.name] = free[0]
    return mapped


def parse_cells(columns: Sequence[EntryColumn], cells: Mapping[str, str]) -> tuple[dict[str, Any], list[EntryProblem]]:
    """Values of the cells by column, and the problems. Columns that `cells` lacks are left out."""
    parsed: dict[str, Any] = {}
    problems: list[EntryProblem] = []
    for column in columns:
        if column.name not in cells:
            continue
        cell = cells[column.name].strip() or column.default
        if column.required and not cell:
            problems.append(EntryProblem("missing-value", column.name))
            continue
        try:
            parsed[column.name] = column.parse(cell)
        except CellProblem as error:
            problems.append(error.at_field(column.name))
    return parsed, problems


def entry_cells(kind: EntryKind, entry: Entry) -> dict[str, str]:
    """Texts of the fields of an entry, from which `parse_cells` reads the same values."""
    return {column.name: column.show(getattr(entry, column.name)) for column in ENTRY_COLUMNS[kind]}


def new_entry(kind: EntryKind, parsed: Mapping[str, Any]) -> Entry:
    """An entry with these values and defaults for the others; the fields of its key are required."""
    return ENTRY_CLASSES[kind](**parsed)
