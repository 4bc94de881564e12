"""Purchase orders of the demo: a draft, a sent, a late and a partly received one, and received ones that teach a lead
time."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tillstream.app import App
from tillstream.catalogue import entry_lists
from tillstream.model.product_catalogue import EntryKind, Product, Store, cost_on
from tillstream.stock import order_arrivals, purchase_orders
from tillstream.stock.order_arrivals import OrderReceipt
from tillstream.stock.purchase_orders import OrderLine, OrderState, PurchaseOrder

PRODUCTS = 4
UNITS = (24, 12, 36, 12)
"""Units of the products of an order."""


@dataclass(frozen=True)
class DemoOrder:
    """sent, expected, arrived: days before today, negative for later ones; None: not yet. share: of the units that
    arrived."""

    supplier: str
    place: tuple[str, str]
    sent: int | None = None
    expected: int | None = None
    arrived: int | None = None
    share: Decimal = Decimal(1)


# expected after the lead time of the supplier in the catalogue: other days would contradict it on the list of orders
LONDON, MANCHESTER, MUMBAI = ("UK", "LON1"), ("UK", "MAN1"), ("IN", "MUM01")
DEMO = (
    DemoOrder("ACME", LONDON, 84, 81, 81),
    DemoOrder("ACME", MANCHESTER, 77, 74, 73),
    DemoOrder("ACME", MUMBAI, 70, 67, 67),
    DemoOrder("ACME", LONDON, 63, 60, 59),
    DemoOrder("NORTH", LONDON, 62, 55, 53),
    DemoOrder("ACME", LONDON, 3, 0, 1, Decimal("0.5")),
    DemoOrder("NORTH", MUMBAI, 14, 7),
    DemoOrder("SUN", LONDON, 2, -19),
    DemoOrder("SUN", MUMBAI),
)


def add(app: App, by: str) -> None:
    """Create the orders, send them and receive their goods. Idempotent, also after a stopped run."""
    today = app.ports.clock.now().date()
    for number, one in enumerate(DEMO, 1):
        order = _order(app, one, f"demo-{number}")
        if order is None:
            continue
        state = purchase_orders.create_order(app.ports, order, by=by).state
        if one.sent is not None and state is OrderState.DRAFT:
            expected_on = _before(today, one.expected or 0)
            purchase_orders.send_order(
                app.ports, order.order_id, by=by, sent_on=_before(today, one.sent), expected_on=expected_on
            )
        if one.arrived is not None and state in {OrderState.DRAFT, OrderState.SENT}:
            units = {line.product: line.units * one.share for line in order.lines}
            receipt = OrderReceipt(f"demo-receipt-{number}", order.order_id, units, _before(today, one.arrived))
            order_arrivals.receive_goods(app.ports, receipt, by=by)


def _order(app: App, one: DemoOrder, order_id: str) -> PurchaseOrder | None:
    """A draft with the first products of the supplier; None without the store or products."""
    store = entry_lists.all_entries(app.ports, EntryKind.STORE).get(one.place)
    entries = sorted(entry_lists.all_entries(app.ports, EntryKind.PRODUCT).items())
    products = [each for _, each in entries if isinstance(each, Product) and each.supplier == one.supplier][:PRODUCTS]
    if not isinstance(store, Store) or not products:
        return None
    lines = []
    for product, units in zip(products, UNITS, strict=False):
        cost = cost_on(product, store.region, app.ports.clock.now().date())
        amount = cost.amount if cost and cost.currency == store.currency else None
        lines.append(OrderLine(product.code, product.name, Decimal(units), amount))
    return PurchaseOrder(order_id, one.supplier, store.region, store.store_id, store.currency, tuple(lines))


def _before(today: date, days: int) -> date:
    return today - timedelta(days=days)
