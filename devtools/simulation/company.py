"""The simulated company: regions with their contracts, files and messages, and the model's rows for them."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from devtools.simulation.entries import Cell, Content, Key, Row

CURRENCY = "EUR"
PRODUCTS = ("P1", "P2", "P3")
HEADERS = {
    "number": "Sale",
    "line": "Line",
    "version": "Version",
    "day": "Day",
    "store": "Store",
    "product": "Product",
    "quantity": "Quantity",
    "price": "Price",
}
_MAPPED = {
    "sale_id": "number",
    "line_key": "line",
    "source_version": "version",
    "date": "day",
    "store_id": "store",
    "product_id": "product",
    "quantity": "quantity",
    "unit_price": "price",
}
MAXIMUM = Decimal(1000)
"""Unit prices above it are refused, in files and messages."""
UNREADABLE = "many"
"""What a faulty row of a file has as its quantity."""


@dataclass(frozen=True)
class Region:
    """A region and the contract of its files.

    numbered: whether lines of a sale are numbered, else they are known by their product. versioned: whether rows of
    files have versions. whole, rules: as in `Batch`.
    """

    name: str
    numbered: bool = False
    versioned: bool = False
    whole: str = ""
    rules: str = "ask"

    @property
    def columns(self) -> list[str]:
        left_out = {"line": self.numbered, "version": self.versioned}
        return [name for name in HEADERS if left_out.get(name, True)]

    def contract(self) -> str:
        """The contract as YAML, which JSON is a part of."""
        contract = {
            "name": self.name,
            "version": 1,
            "region": self.name,
            "currency": CURRENCY,
            "columns": {column: HEADERS[name] for column, name in _MAPPED.items() if name in self.columns},
            "ranges": {"unit_price": {"maximum": str(MAXIMUM)}},
            "refused_threshold": "0.9",
            "replaces": self.whole,
            "where_till_differs": self.rules,
            "identity": {"ids": "per-store"},
        }
        return json.dumps(contract, indent=1)


REGIONS = (
    Region("plain"),
    Region("numbered", numbered=True, rules="file"),
    Region("sales", whole="sale"),
    Region("days", whole="store-day", rules="till"),
    Region("versions", numbered=True, versioned=True, whole="sale"),
)
"""One of each kind of contract."""


@dataclass(frozen=True)
class Sold:
    """One line of a sale. faulty: its quantity cannot be read (in a file), its price is out of range (in a message)."""

    store: str
    day: str
    number: str
    line: int
    product: str
    quantity: int
    price: Decimal
    version: int = 0
    is_faulty: bool = False

    def cells(self, columns: Sequence[str]) -> list[str]:
        """The row of a file."""
        return [UNREADABLE if name == "quantity" and self.is_faulty else str(getattr(self, name)) for name in columns]


def row_of(region: Region, sold: Sold, number: int, *, fix: int = 0, is_accepted: bool = False) -> Row:
    """The model's row for a row of a file, or for its correction."""
    content = None if sold.is_faulty else Content(sold.product, sold.quantity, sold.price)
    version = sold.version if region.versioned else 0
    return Row(number, _cell(region, sold), _key(region, sold), content, version, fix=fix, accepted=is_accepted)


def discarded(region: Region, sold: Sold, number: int, fix: int) -> Row:
    """The model's row for a discarded row."""
    return Row(number, _cell(region, sold), _key(region, sold), None, fix=fix, discarded=True)


def _cell(region: Region, sold: Sold) -> Cell:
    return Cell(region.name, sold.store, sold.day)


def _key(region: Region, sold: Sold) -> Key:
    return Key(f"{sold.store}/{sold.number}", str(sold.line) if region.numbered else f"{sold.product}#1")


def file_bytes(region: Region, rows: Iterable[Sold]) -> bytes:
    """The file of a region as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([HEADERS[name] for name in region.columns])
    writer.writerows(row.cells(region.columns) for row in rows)
    return text.getvalue().encode()


def message_body(region: Region, lines: Sequence[Sold]) -> bytes:
    """A store sale: all lines of one sale. The faulty ones have a price that is out of range."""
    first = lines[0]
    message = {
        "schema": "store-sale/1",
        "region": region.name,
        "store_id": first.store,
        "number": first.number,
        "sold_at": f"{first.day}T12:00:00+00:00",
        "currency": CURRENCY,
        "source": "till",
        "lines": [
            {
                "line": str(line.line),
                "product_id": line.product,
                "quantity": str(line.quantity),
                "unit_price": str(line.price + MAXIMUM if line.is_faulty else line.price),
            }
            for line in lines
        ],
    }
    return json.dumps(message | ({"version": first.version} if first.version else {})).encode()


def message_rows(region: Region, lines: Sequence[Sold], first_number: int, place: int) -> list[Row]:
    """The model's rows for a message: if a line is faulty, the whole sale is refused."""
    is_refused = any(line.is_faulty for line in lines)
    return [
        Row(
            first_number + index,
            _cell(region, line),
            _key(region, line),
            None if is_refused else Content(line.product, line.quantity, line.price),
            lines[0].version,
            place,
        )
        for index, line in enumerate(lines)
    ]
