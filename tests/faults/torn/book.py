"""The book of the company's people: each line that was acknowledged to its sender, counted without the product."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

REGION = "Shop"
HEAD = "number,line,day,store,product,quantity,price"


class Key(NamedTuple):
    """One line of one sale, as the ledger names it."""

    sale: str
    line: str


class Counted(NamedTuple):
    """What counts of a line."""

    quantity: Decimal
    net: Decimal


class Line(NamedTuple):
    """A line of a file or of a sale of a till."""

    number: str
    line: str
    product: str
    quantity: int
    price: str
    day: str = "2026-01-05"
    store: str = "S1"

    @property
    def key(self) -> Key:
        return Key(f"{self.store}/{self.number}", self.line)

    @property
    def counted(self) -> Counted:
        return Counted(Decimal(self.quantity), self.quantity * Decimal(self.price))

    @property
    def cells(self) -> str:
        return f"{self.number},{self.line},{self.day},{self.store},{self.product},{self.quantity},{self.price}"


@dataclass
class Book:
    """The acknowledged lines, and how their senders send them again."""

    lines: dict[Key, Counted] = field(default_factory=dict)
    sources: dict[Key, str] = field(default_factory=dict)
    """Where a line came from: the name of a file, or region and store of a till."""
    sales: dict[str, dict[str, object]] = field(default_factory=dict)
    """Number of a sale of a till → its message."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Name of a file that counts → its bytes."""

    def add(self, lines: Iterable[Line], source: str) -> None:
        for line in lines:
            self.lines[line.key], self.sources[line.key] = line.counted, source

    def add_file(self, name: str, data: bytes, lines: Iterable[Line]) -> None:
        """A file whose lines count, or will. A line that it shares with an earlier one is its own from then on."""
        self.files[name] = data
        self.add(lines, name)

    def add_sale(self, lines: Sequence[Line], message: dict[str, object]) -> None:
        self.sales[lines[0].number] = message
        self.add(lines, f"{REGION}/{lines[0].store}")

    @property
    def can_be_sent_again(self) -> set[str]:
        """Sources whose senders still have what they sent."""
        return {*self.files, *(f"{REGION}/{sale['store_id']}" for sale in self.sales.values())}

    def copy(self) -> "Book":
        return Book(dict(self.lines), dict(self.sources), dict(self.sales), dict(self.files))


def file_of(lines: Iterable[Line], *broken: str) -> bytes:
    """The bytes of a file. broken: further rows as they stand in it."""
    return "\n".join([HEAD, *(line.cells for line in lines), *broken, ""]).encode()


def message_of(lines: Sequence[Line]) -> dict[str, object]:
    """The store-sale/1 message of a sale."""
    first = lines[0]
    return {
        "schema": "store-sale/1",
        "region": REGION,
        "store_id": first.store,
        "number": first.number,
        "sold_at": f"{first.day}T10:00:00+00:00",
        "currency": "EUR",
        "lines": [
            {"line": one.line, "product_id": one.product, "quantity": str(one.quantity), "unit_price": one.price}
            for one in lines
        ],
    }
