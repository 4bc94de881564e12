"""Columns of a file of stock movements: their words, the values of their cells, and the problems of rows."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import CellProblem, EntryColumn
from tillstream.model.text import did_you_mean
from tillstream.pipeline.tabular import UnusableCell
from tillstream.stock.movements import MAX_UNITS, REASONS, MovementKind

_PRODUCT = (
    "productid", "productcode", "sku", "item", "itemcode", "itemno", "articleno", "article", "code", "barcode", "ean",
    "gtin", "upc", "productname", "itemname", "name",
)  # fmt: skip
_QUANTITY = (
    "qty", "units", "pieces", "pcs", "count", "counted", "countedqty", "countedquantity", "onhand", "stock",
    "stockonhand", "qtyonhand", "quantityonhand", "inventory", "soh", "amount",
)  # fmt: skip
_c = EntryColumn
MOVEMENT_COLUMNS = (
    _c("region", headers=("country", "market")),
    _c("store", headers=("storeid", "storecode", "storename", "branch", "shop", "location", "site", "warehouse")),
    _c("product", headers=_PRODUCT),
    _c("quantity", headers=_QUANTITY),
    _c("date", headers=("day", "stockdate", "businessday", "counteddate", "countdate", "datetime", "timestamp")),
    _c("time", headers=("hour", "countedat", "timeofday")),
    _c("type", headers=("movement", "movementtype", "kind", "transaction", "transactiontype", "event")),
    _c("reason", headers=("reasoncode", "cause")),
    _c("reference", headers=("ref", "order", "orderno", "ponumber", "document", "documentno", "transfer", "delivery")),
    _c("other_store", headers=("tostore", "fromstore", "otherbranch", "destination", "counterparty")),
)
IMPORTED_KINDS = tuple(kind for kind in MovementKind if kind is not MovementKind.CANCELLATION)
KIND_WORDS: dict[str, MovementKind] = {
    **{kind.value: kind for kind in IMPORTED_KINDS},
    **dict.fromkeys(("counted", "stocktake", "stock-take", "inventory", "on-hand", "opening"), MovementKind.COUNT),
    **dict.fromkeys(
        ("received", "receive", "delivery", "goods-in", "goods-receipt", "purchase", "in"), MovementKind.RECEIPT
    ),
    **dict.fromkeys(("sent", "transfer-sent", "transferred-out"), MovementKind.TRANSFER_OUT),
    **dict.fromkeys(("transfer-received", "transferred-in"), MovementKind.TRANSFER_IN),
    **dict.fromkeys(("lost-in-transit", "transfer-lost"), MovementKind.TRANSFER_LOSS),
    **dict.fromkeys(("adjust", "adjusted", "correction"), MovementKind.ADJUSTMENT),
    **dict.fromkeys(("writeoff", "written-off", "waste", "wastage", "scrap", "loss"), MovementKind.WRITE_OFF),
    **dict.fromkeys(
        ("return-to-supplier", "returned-to-supplier", "vendor-return", "rtv"), MovementKind.SUPPLIER_RETURN
    ),
}
"""Word in the column `type`, as `word_of` returns it → kind."""
REASON_WORDS = {name.casefold(): key for key, label in REASONS.items() for name in (key, label)}

MAX_REFERENCE = 200
"""Characters of a reference."""
_WRITE_DAY = "Write the day as 2026-11-30, with or without a time such as 14:30."
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?")
_DAY_AND_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+([\d:.]+(?: ?[AaPp]\.?[Mm]\.?)?) ?(Z|[+-]\d{2}:?\d{2})?)?"
)


@dataclass(frozen=True)
class MovementDefaults:
    """What rows without the column, or with an empty cell in it, have."""

    day: date
    kind: MovementKind = MovementKind.COUNT
    region: str = ""
    store: str = ""
    reason: str = ""
    reference: str = ""


def word_of(cell: str) -> str:
    """A word in lower case, with hyphens between its parts."""
    return re.sub(r"[\W_]+", "-", cell.casefold()).strip("-")


@dataclass(frozen=True)
class MovementTime:
    """A day and its time. second: of the day; -1: none. at: the instant, if the cell has an offset from UTC."""

    day: date
    second: int = -1
    at: datetime | None = None


def parse_quantity(cell: str) -> Decimal:
    if not cell:
        raise UnusableCell("quantity", "", "The row has no quantity.", "Enter the number of units.")
    try:
        value = catalogue_columns.parse_number(cell)
    except CellProblem as error:
        words = f"“{cell}” is not a number{error.detail}."
        raise UnusableCell("quantity", cell, words, "Write it as 1234.5.") from error
    if abs(value) >= MAX_UNITS:
        words = f"{cell} is not below {MAX_UNITS:,}."
        raise UnusableCell("quantity", cell, words, "Correct the quantity; it may be a barcode.")
    return value


def parse_kind(cell: str) -> MovementKind:
    word = word_of(cell)
    if word in KIND_WORDS:
        return KIND_WORDS[word]
    suggested = did_you_mean(word, KIND_WORDS)
    choices = ", ".join(IMPORTED_KINDS)
    raise UnusableCell("type", cell, f"“{cell}” is not a type of movement.{suggested}", f"Use one of {choices}.")


def parse_reason(cell: str) -> str:
    if not cell:
        return ""
    key = REASON_WORDS.get(" ".join(cell.split()).casefold())
    if key is None:
        choices = ", ".join(REASONS)
        raise UnusableCell("reason", cell, f"“{cell}” is not a reason.", f"Use one of {choices}.")
    return key


def parse_reference(cell: str) -> str:
    if len(cell) > MAX_REFERENCE:
        words = f"The reference has more than {MAX_REFERENCE} characters."
        raise UnusableCell("reference", cell[:MAX_REFERENCE], words, "Shorten it.")
    return cell


def parse_when(cell: str, latest: date) -> MovementTime:
    """The day of a cell, and its time. latest: no fact is later than this day."""
    try:
        value = _parse_when(cell)
    except ValueError as error:
        raise UnusableCell("date", cell, f"“{cell}” is not a day.", _WRITE_DAY) from error
    if not date(1970, 1, 2) <= value.day <= latest:
        words = f"{value.day} is in the future." if value.day > latest else f"{value.day} is before 1970."
        raise UnusableCell("date", cell, words, "Correct the day.")
    return value


def _parse_when(cell: str) -> MovementTime:
    match = _DAY_AND_TIME.fullmatch(cell)
    if not match:
        raise ValueError(cell)
    day, time_of_day, offset = date(*map(int, match.group(1, 2, 3))), match[4], match[5]
    second = _second(time_of_day) if time_of_day else -1
    return MovementTime(day, second, datetime.fromisoformat(f"{day}T{time_of_day}{offset}") if offset else None)


def parse_time(cell: str) -> int:
    """Seconds of the day. A workbook has midnight or a day before the time."""
    try:
        return _second(cell.rpartition("T")[2] if "T" in cell else cell.rpartition(" ")[2] if "-" in cell else cell)
    except ValueError as error:
        raise UnusableCell("time", cell, f"“{cell}” is not a time.", "Write the time as 14:30 or 14:30:05.") from error


def _second(text: str) -> int:
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    half = (match[4] or "").casefold()
    if half and not 1 <= hour <= 12:
        raise ValueError(text)
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    span = timedelta(hours=hour, minutes=minute, seconds=second)
    if minute > 59 or second > 59 or span >= timedelta(days=1):
        raise ValueError(text)
    return int(span.total_seconds())
