"""Columns of each kind: the fields of forms and of imported and exported files."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tillstream.domain.catalogue import cell_values as values
from tillstream.domain.catalogue.cell_values import CellProblem
from tillstream.domain.catalogue.entries import CLASSES, Entry, EntryKind
from tillstream.domain.catalogue.problems import EntryProblem


@dataclass(frozen=True)
class EntryColumn:
    """A field of a kind. `headers`: further names of the column in files, in lower case without spaces and signs."""

    name: str
    parse: Callable[[str], Any] = values.text
    required: bool = False
    headers: tuple[str, ...] = ()
    show: Callable[[object], str] = values.show
    default: str = ""


_c = EntryColumn
_ACTIVE = _c("active", values.flag, headers=("isactive", "enabled", "status", "state"), default="yes")
_NAME = _c("name", required=True, headers=("title", "description", "productname", "storename", "fullname"))
_REGION = _c("region", values.code, required=True)
COLUMNS: dict[EntryKind, tuple[EntryColumn, ...]] = {
    EntryKind.PRODUCT: (
        _c("code", values.code, required=True, headers=("product", "productid", "productcode", "sku", "item", "id")),
        _NAME,
        _c("category", headers=("group", "department", "productcategory")),
        _c("pack_size", values.positive_or_none, headers=("pack", "packquantity", "unitsperpack")),
        _c("supplier", values.code, headers=("suppliercode", "vendor")),
        _c("minimum_order", values.positive_or_none, headers=("moq", "minorder", "minimumorderquantity")),
        _c("shelf_life_days", values.positive_or_none, headers=("shelflife", "daystosell")),
        _c("minimum_stock", values.positive_or_none, headers=("minstock", "reorderlevel", "reorderpoint")),
        _c("barcodes", values.codes, headers=("barcode", "ean", "gtin", "upc")),
        _c("aliases", values.aliases, headers=("alias", "othercodes")),
        _ACTIVE,
    ),
    EntryKind.STORE: (
        _REGION,
        _c("store_id", values.code, required=True, headers=("store", "code", "storecode", "id", "branch")),
        _NAME,
        _c("country", headers=("countrycode",)),
        _c("time_zone", values.time_zone, headers=("timezone", "tz")),
        _c("currency", values.currency, headers=("currencycode",)),
        _c("latitude", values.latitude, headers=("lat",)),
        _c("longitude", values.longitude, headers=("lon", "lng", "long")),
        _c("opening_hours", values.opening_hours, headers=("hours", "openinghours")),
        _ACTIVE,
    ),
    EntryKind.SALESPERSON: (
        _REGION,
        _c("salesperson_id", values.code, required=True, headers=("salesperson", "code", "id", "employee", "staffid")),
        _NAME,
        _c("stores", values.codes, headers=("store", "storeid", "storeids", "branches")),
        _ACTIVE,
    ),
    EntryKind.PROMOTION: (
        _c("promotion_id", values.code, required=True, headers=("promotion", "code", "id", "promotioncode")),
        _NAME,
        _c("product", values.code, headers=("productid", "productcode", "sku")),
        _c("category", headers=("group", "productcategory")),
        _c("region", values.code, default="*"),
        _c("store_id", values.code, headers=("store", "storecode")),
        _c("kind", values.text, headers=("type",), default="discount"),
        _c("rate", values.rate, required=True, headers=("discount", "percent", "percentage"), show=values.show_rate),
        _c("valid_from", values.day, headers=("from", "start", "startdate", "starts")),
        _c("valid_to", values.day, headers=("to", "until", "end", "enddate", "ends")),
        _ACTIVE,
    ),
    EntryKind.SUPPLIER: (
        _c("code", values.code, required=True, headers=("supplier", "suppliercode", "supplierid", "id")),
        _NAME,
        _c("email", headers=("mail", "emailaddress")),
        _c("phone", headers=("telephone", "phonenumber")),
        _c("lead_time_days", values.positive_or_none, headers=("leadtime", "deliverydays", "deliverytime")),
        _c("review_days", values.positive_or_none, headers=("reviewperiod", "orderevery", "ordercycle")),
        _ACTIVE,
    ),
}
AMOUNT_COLUMNS: tuple[EntryColumn, ...] = (
    _c("code", values.code, required=True, headers=("product", "productid", "productcode", "sku", "item")),
    _c("region", values.code, default="*"),
    _c("currency", values.currency, headers=("currencycode",)),
    _c("valid_from", values.day, headers=("from", "start", "startdate", "date")),
    _c(
        "amount", values.amount, required=True, headers=("price", "cost", "unitprice", "unitcost", "value", "listprice")
    ),
)
"""Columns of files of prices and costs."""
KEYS: dict[EntryKind, tuple[str, ...]] = {
    EntryKind.PRODUCT: ("code",),
    EntryKind.STORE: ("region", "store_id"),
    EntryKind.SALESPERSON: ("region", "salesperson_id"),
    EntryKind.PROMOTION: ("promotion_id",),
    EntryKind.SUPPLIER: ("code",),
}


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
            problems.append(error.of(column.name))
    return parsed, problems


def show_cells(kind: EntryKind, entry: Entry) -> dict[str, str]:
    """Texts of the fields of an entry, from which `parse_cells` reads the same values."""
    return {column.name: column.show(getattr(entry, column.name)) for column in COLUMNS[kind]}


def new_entry(kind: EntryKind, parsed: Mapping[str, Any]) -> Entry:
    """An entry with these values and defaults for the others; the fields of its key are required."""
    return CLASSES[kind](**parsed)
