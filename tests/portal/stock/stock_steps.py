"""Sales and movements of two stores of the region IN, for tests of the stock pages."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from html import unescape
from re import findall, sub
from typing import Any

from visitor import HEADER, Visitor, Work
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product, Store
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

NAMES = {"KET": "Kettle", "POT": "Pot", "PAN": "Pan"}
SALES = (
    ("1", "03-06-2026 10:15", "MUM01", "KET", 4),
    ("2", "04-06-2026 12:30", "MUM01", "POT", 2),
    ("3", "05-06-2026 09:00", "DEL02", "KET", 1),
    ("4", "06-06-2026 17:45", "MUM01", "PAN", 1),
)
"""Number, time in India, store, product and units of each sale."""


def lines(sales: tuple[tuple[str, str, str, str, int], ...] = SALES) -> bytes:
    """A file of the contract IN."""
    rows = [
        f"{number},1,{at},{store},S1,C1,Asha Rao,{product},{NAMES[product]},Kitchen,store,Completed,{units},100.00,"
        f"0.00,{100 * units}.00,0.00,{100 * units}.00,"
        for number, at, store, product, units in sales
    ]
    return "\n".join([HEADER, *rows, ""]).encode()


def sell(visitor: Visitor, work: Work) -> None:
    """Load the sales, and the catalogue with a kettle that has a barcode and a cost."""
    fill_catalogue(visitor.app)
    visitor.upload(lines())
    work()


def fill_catalogue(app: App) -> None:
    kettle = Product(
        "KET", "Kettle", "Kitchen", barcodes=("4006381333931",), costs=(DatedAmount("*", "INR", Decimal(60)),)
    )
    for kind, entry in (
        (EntryKind.PRODUCT, kettle),
        (EntryKind.STORE, Store("IN", "MUM01", "Mumbai")),
        (EntryKind.STORE, Store("IN", "DEL02", "Delhi")),
    ):
        entry_saving.save_entry(app.ports, kind, entry, if_version=0, by="setup", regions=("IN",))
    warehouse_mirror.sync_mirror(app.ports)


def counted(app: App, day: date, store: str, quantities: Mapping[str, int]) -> None:
    """Record a count after closing."""
    moved(app, MovementKind.COUNT, day, store, quantities)


def moved(app: App, kind: MovementKind, day: date, store: str, quantities: Mapping[str, int], **more: Any) -> str:
    """Record a movement, and compute the levels; return its ID."""
    products = tuple(MovementLine(product, Decimal(quantity)) for product, quantity in quantities.items())
    movement_id = f"{kind}-{day}-{store}-{'-'.join(quantities)}"
    stored_movements.record_movements(
        app.ports, [Movement(movement_id, kind, "IN", store, day, products, **more)], by="setup"
    )
    stored_levels.refresh_levels(app.ports)
    app.ports.clock.sleep(1)
    return movement_id


def rows(response: TestResponse) -> list[str]:
    """The text of each row of the tables of a page, without their heads."""
    main = sub(r"\s+", " ", response.text).partition("</main>")[0]
    bodies = findall(r"<tbody>(.*?)</tbody>", main)
    return [text(row) for body in bodies for row in findall(r"<tr[^>]*>(.*?)</tr>", body)]


def text(html: str) -> str:
    return unescape(" ".join(sub(r"<[^>]*>", " ", html).split()))


def on_hand(app: App, product: str, store: str = "MUM01") -> Decimal | None:
    """Stock as the warehouse has it."""
    levels_of_store = app.ports.warehouse.query(
        "SELECT on_hand FROM stock_levels WHERE product = @product AND store_id = @store",
        {"product": product, "store": store},
    ).to_pylist()
    quantity: Decimal | None = levels_of_store[0]["on_hand"] if levels_of_store else None
    return quantity
