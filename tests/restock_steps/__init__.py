"""A home with half a year of sales of two stores, a supplier, and counted stock, for tests of restocking."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import shop_of_two_stores

from tillstream.app import App
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product, Supplier
from tillstream.ports import Ports
from tillstream.stock import restock_queue, stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine
from tillstream.stock.restock_lines import Pair

KITE, BALL, LAMP = "TO-1", "TO-2", "HK-1"
LEEDS_KITE: Pair = ("UK", "LDS1", KITE)
Stock = Mapping[tuple[str, str], int]


def open_shop(folder: Path) -> App:
    """Kites come in packs of 12 from a supplier who needs 5 days and is asked every 9; lamps have no supplier."""
    opened = shop_of_two_stores.app(folder)
    cost = (DatedAmount("*", "GBP", Decimal(4)),)
    for kind, entry in (
        (EntryKind.SUPPLIER, Supplier("ACME", "Acme Wholesale", lead_time_days=Decimal(5), review_days=Decimal(9))),
        (EntryKind.PRODUCT, Product(KITE, "Kite", "Toys", Decimal(12), "ACME", costs=cost)),
        (EntryKind.PRODUCT, Product(BALL, "Ball", "Toys", supplier="ACME", costs=cost)),
    ):
        entry_saving.save_entry(opened.ports, kind, entry, if_version=0, by="ana", regions=("UK",))
    warehouse_mirror.follow_change(opened.ports)
    return opened


def count(ports: Ports, stock: Stock, number: int = 1) -> None:
    """Count products of stores on the last day with sales, after closing."""
    for (store, product), units in stock.items():
        lines = (MovementLine(product, Decimal(units)),)
        day = shop_of_two_stores.LAST
        movement = Movement(f"count-{number}-{store}-{product}", MovementKind.COUNT, "UK", store, day, lines)
        stored_movements.record_movements(ports, [movement], by="ana")
    stored_levels.refresh_levels(ports)


def queue_of(ports: Ports) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The queue, computed now: store, product and giving store → line."""
    restock_queue.run_restock(ports)
    rows = ports.warehouse.query("SELECT * FROM restock_lines").to_pylist()
    return {(row["store_id"], row["product"], row["from_store"]): row for row in rows}
