"""The inputs of the random schedules: contracts, files, and messages, and the model's rows for them."""

import csv
import io
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any

import yaml
from stateful.model_batches import Line, ModelRow

REGION = "Testland"
HEADERS = {
    "number": "No",
    "line": "Line",
    "version": "Ver",
    "day": "Day",
    "store": "Store",
    "product": "Product",
    "qty": "Qty",
    "price": "Price",
}
FAULTS = ("qty", "day", "number", "ragged", "range")
CEILING = 1000


@dataclass(frozen=True)
class Source:
    """A contract in few words. `line` and `version`: whether the file has these columns."""

    name: str
    line: bool = False
    version: bool = False
    replaces: str = ""
    rules: str = "ask"
    wide: bool = False
    """Whether sale numbers are unique in the region, not only in a store."""
    edition: int = 1
    """Each edition of a contract sets another channel for its lines."""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in HEADERS if (name != "line" or self.line) and (name != "version" or self.version))

    def yaml(self) -> str:
        mapped = {
            "number": "sale_id",
            "line": "line_key",
            "version": "source_version",
            "day": "date",
            "store": "store_id",
            "product": "product_id",
            "qty": "quantity",
            "price": "unit_price",
        }
        contract = {
            "name": self.name,
            "version": self.edition,
            "region": REGION,
            "currency": "EUR",
            "channel": self.channel,
            "columns": {mapped[name]: HEADERS[name] for name in self.columns},
            "ranges": {"unit_price": {"maximum": str(CEILING)}},
            "refused_threshold": "0.5",
            "new_columns": "keep",
            "replaces": self.replaces,
            "where_till_differs": self.rules,
            # sales of so few values are alike by accident
            "identity": {"ids": "region-wide" if self.wide else "per-store", "similar_sales": "keep"},
        }
        return yaml.safe_dump(contract)

    def sale(self, store: str, number: str) -> str:
        """The sale's ID."""
        return number if self.wide else f"{store}/{number}"

    @property
    def channel(self) -> str:
        return "" if self.edition == 1 else f"edition {self.edition}"


COUNTED = (
    Source(REGION),
    Source("sale", replaces="sale"),
    Source("day", replaces="store-day"),
    Source("ruling", rules="file"),
    Source("ruling-sale", rules="file", replaces="sale"),
    Source("yielding", rules="till"),
    Source("version", version=True),
    Source("version-sale", version=True, replaces="sale"),
)
"""Sources without line numbers; the first is the one whose rules the tills of the region follow."""
NUMBERED = tuple(replace(source, line=True) for source in COUNTED)


@dataclass(frozen=True)
class Row:
    number: str
    product: str
    qty: int
    price: int
    line: str
    version: int
    day: str
    store: str
    fault: str = ""
    """What validation refuses in it; `blank` is an empty line."""

    def cells(self, columns: tuple[str, ...]) -> list[str]:
        if self.fault == "blank":
            return []
        values = {name: str(getattr(self, name)) for name in columns}
        match self.fault:
            case "qty":
                values["qty"] = "many"
            case "day":
                values["day"] = "some day"
            case "number":
                values["number"] = ""
            case "range":
                values["price"] = str(CEILING + self.price)
            case "ragged":
                return list(values.values())[:3]
        return list(values.values())


@dataclass(frozen=True)
class Fix:
    """One row of a correction: replaced, accepted unchanged (`accept`), or discarded (`discard`)."""

    number: int
    row: Row
    how: str


def some_row(rng: Random) -> Row:
    """Few values, so that rows meet: three sales of one store and one of another, two products, two days."""
    number, store = rng.choice([("1", "S1"), ("2", "S1"), ("3", "S1"), ("1", "S2")])
    fault = rng.choice(FAULTS) if rng.random() < 0.12 else "blank" if rng.random() < 0.04 else ""
    day = "2024-03-01" if rng.random() < 0.8 else "2024-03-02"
    version = rng.choice([1, 1, 2, 3])
    return Row(
        number, rng.choice("PQ"), rng.randint(1, 2), rng.randint(1, 2), rng.choice("12"), version, day, store, fault
    )


def file_bytes(rows: list[Row], columns: tuple[str, ...]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([HEADERS[name] for name in columns])
    for row in rows:
        text.write("\n") if row.fault == "blank" else writer.writerow(row.cells(columns))
    return text.getvalue().encode()


def file_row(
    row: Row, number: int, source: Source, columns: tuple[str, ...], *, fix: int = 0, accepted: bool = False
) -> ModelRow:
    """The model's row for a row of a file. columns: those of the file, which may be more than the source maps."""
    sale = source.sale(row.store, row.number) if row.fault not in ("number", "ragged") else None
    store_day = (row.store, row.day) if row.fault not in ("day", "ragged") else None
    if row.fault and not (row.fault == "range" and accepted):
        return ModelRow(number, sale=sale, store_day=store_day, fix=fix)
    price = row.price + CEILING if row.fault == "range" else row.price
    extra = {HEADERS[name]: str(getattr(row, name)) for name in columns if name not in source.columns}
    facts: dict[str, Any] = {
        "store": row.store,
        "product": row.product,
        "channel": source.channel or None,
        "sold_at": None,
        "day": row.day,
        "qty": Decimal(row.qty),
        "price": Decimal(price),
        "extra": json.dumps(extra) if extra else None,
    }
    line = Line(
        source.sale(row.store, row.number),
        row.product,
        (row.store, row.day),
        tuple(facts.items()),
        row.line if source.line else None,
        row.version if source.version else 0,
        accepted,
    )
    return ModelRow(number, line, fix=fix)


@dataclass(frozen=True)
class Sale:
    """A message: one whole sale."""

    number: str
    store: str
    day: str
    hour: int
    lines: tuple[tuple[str, int, int], ...]
    """(product, quantity, price)"""
    version: int = 0
    source: str = "till"
    fault: str = ""
    """`json`: no JSON at all, `schema`: not a store sale, `range`: its last line is refused."""

    def body(self) -> bytes:
        if self.fault == "json":
            return b"\xff not a message"
        message: dict[str, Any] = {
            "schema": "store-sale/1",
            "region": REGION,
            "store_id": self.store,
            "number": self.number,
            "sold_at": f"{self.day}T{self.hour:02}:00:00+00:00",
            "currency": "EUR",
            "source": self.source,
            "lines": [
                {
                    "line": str(place),
                    "product_id": product,
                    "quantity": str(qty),
                    "unit_price": str(self._price(place, price)),
                }
                for place, (product, qty, price) in enumerate(self.lines, 1)
            ],
        }
        if self.version:
            message["version"] = self.version
        if self.fault == "schema":
            del message["currency"]
        return json.dumps(message).encode()

    def _price(self, place: int, price: int) -> int:
        return price + CEILING if self.fault == "range" and place == len(self.lines) else price


def some_sale(rng: Random) -> Sale:
    number, store = rng.choice([("1", "S1"), ("2", "S1"), ("3", "S1"), ("1", "S2")])
    lines = tuple((rng.choice("PQ"), rng.randint(1, 2), rng.randint(1, 2)) for _ in range(rng.randint(1, 2)))
    fault = rng.choice(["json", "schema", "range"]) if rng.random() < 0.12 else ""
    day = "2024-03-01" if rng.random() < 0.8 else "2024-03-02"
    return Sale(
        number, store, day, rng.randint(9, 10), lines, rng.choice([0, 0, 1, 2, 3]), rng.choice(["till", "form"]), fault
    )


def message_rows(
    sale: Sale, first_row: int, sequence: int, source: Source, sender: str | None = None
) -> list[ModelRow]:
    """The model's rows for a message: one per line, or one in total if it is not a store sale.

    sender: the store whose token sent it. It is refused if it names another store.
    """
    name = source.sale(sale.store, sale.number)
    if sale.fault in ("json", "schema"):
        return [ModelRow(first_row, sequence=sequence)]
    if sale.fault == "range" or sender not in (None, sale.store):
        return [
            ModelRow(first_row + i, sale=name, store_day=(sale.store, sale.day), sequence=sequence)
            for i in range(len(sale.lines))
        ]
    return [
        ModelRow(
            first_row + place,
            Line(
                name,
                product,
                (sale.store, sale.day),
                (
                    ("store", sale.store),
                    ("product", product),
                    ("channel", source.channel or None),
                    ("sold_at", f"{sale.day} {sale.hour}"),
                    ("day", sale.day),
                    ("qty", Decimal(qty)),
                    ("price", Decimal(price)),
                    ("extra", None),
                ),
                str(place + 1) if source.line else None,
                sale.version,
            ),
            sequence=sequence,
            sender=sender,
        )
        for place, (product, qty, price) in enumerate(sale.lines)
    ]
