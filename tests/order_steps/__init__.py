"""Orders of one store from one supplier, for tests."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product, Store, Supplier
from tillstream.ports import Ports
from tillstream.stock import order_arrivals, purchase_orders
from tillstream.stock.order_arrivals import OrderReceipt
from tillstream.stock.purchase_orders import OrderLine, PurchaseOrder, TrackedOrder

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
KETTLE, LAMP = "KET", "LAMP"
NAMES = {KETTLE: "Kettle", LAMP: "Desk lamp"}
COSTS = {KETTLE: Decimal("4.5"), LAMP: Decimal(10)}
Units = Mapping[str, int | str]


def add_catalogue(ports: Ports) -> None:
    """A supplier, a store and two products: kettles come in packs of 6 and at least 12."""
    cost = tuple(DatedAmount("IN", "INR", amount) for amount in COSTS.values())
    kettle = Product(
        KETTLE, "Kettle", "Kitchen", Decimal(6), "ACME", Decimal(12), barcodes=("8900000000017",), costs=cost[:1]
    )
    lamp = Product(LAMP, "Desk lamp", "Home", supplier="ACME", costs=cost[1:])
    entries = {
        EntryKind.SUPPLIER: [Supplier("ACME", "Acme Wholesale", "orders@acme.example"), Supplier("SUN", "Sunrise")],
        EntryKind.STORE: [Store("IN", "MUM01", "Mumbai", currency="INR"), Store("IN", "DEL01", "Delhi")],
        EntryKind.PRODUCT: [kettle, lamp],
    }
    for kind, each in entries.items():
        for entry in each:
            entry_saving.save_entry(ports, kind, entry, if_version=0, by="ana", regions=("IN", "UK"))
    warehouse_mirror.follow_change(ports)


def lines(units: Units) -> tuple[OrderLine, ...]:
    return tuple(OrderLine(code, NAMES[code], Decimal(count), COSTS[code]) for code, count in units.items())


def draft(ports: Ports, units: Units, order_id: str = "order-1", *, store: str = "MUM01") -> PurchaseOrder:
    order = PurchaseOrder(order_id, "ACME", "IN", store, "INR", lines(units))
    return purchase_orders.create_order(ports, order, by="ana")


def sent(
    ports: Ports, units: Units, order_id: str = "order-1", *, store: str = "MUM01", expected_on: date | None = None
) -> PurchaseOrder:
    draft(ports, units, order_id, store=store)
    return purchase_orders.send_order(ports, order_id, by="ana", expected_on=expected_on)


def arrive(
    ports: Ports, units: Units, movement_id: str = "receipt-1", order_id: str = "order-1", on: date = TODAY
) -> TrackedOrder:
    counts = {code: Decimal(count) for code, count in units.items()}
    return order_arrivals.receive_goods(ports, OrderReceipt(movement_id, order_id, counts, on), by="ana")
