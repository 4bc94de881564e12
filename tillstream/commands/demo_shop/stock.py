"""The demo's catalogue, stock and purchase orders.

A count of one store is in progress. The received purchase orders are those from which lead times are learnt.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from itertools import groupby
from typing import TYPE_CHECKING
from zlib import crc32

from tillstream.app import App
from tillstream.catalogue import entry_lists, file_import, stored_entries, warehouse_mirror
from tillstream.catalogue.file_export import FileKind
from tillstream.catalogue.file_import import ImportRules, plan_import
from tillstream.model.product_catalogue import Product, Store, cost_on
from tillstream.pipeline.tabular import csv_file
from tillstream.stock import order_arrivals, purchase_orders, stock_counts, stored_levels, stored_movements
from tillstream.stock.movements import DayPart, Movement, MovementKind, MovementLine
from tillstream.stock.order_arrivals import OrderReceipt
from tillstream.stock.purchase_orders import OrderLine, OrderState, PurchaseOrder
from tillstream.stock.stock_counts import CountPart, StockCount

if TYPE_CHECKING:
    from tillstream.samples.regions import SampleRegion

STAFF_LETTERS = {"IN": "E", "UK": "T", "USA": "A"}
"""Region → first letter of the IDs of its salespeople."""
STAFF_OF_STORE = 6
CITIES = {
    "MUM01": "Mumbai", "DEL01": "Delhi", "BLR01": "Bengaluru", "MAA01": "Chennai", "CCU01": "Kolkata",
    "PNQ01": "Pune", "LON1": "London, Oxford Street", "LON2": "London, Stratford", "MAN1": "Manchester",
    "EDI1": "Edinburgh", "CDF1": "Cardiff", "BRS1": "Bristol", "101": "New York", "102": "Brooklyn",
    "115": "Boston", "120": "Denver", "131": "Chicago", "140": "Seattle",
}  # fmt: skip
"""Store → its name; any other is a shop on the web."""
SUPPLIERS = {"ACME": ("Acme Wholesale", 3, 7), "NORTH": ("North Trading", 7, 7), "SUN": ("Sunrise Imports", 21, 14)}
"""Supplier → its name, and the days from an order to its arrival and between two orders."""
PACK_SIZES = (1, 6, 12)
"""Units in a pack of the products of each supplier."""
FIRST_BARCODE = 8_900_000_000_000
Table = tuple[list[str], list[list[str]]]

COUNTED_AGO, RECEIVED_AGO, SENT_AGO, ARRIVED_AGO = (timedelta(days=days) for days in (28, 9, 3, 1))
"""Age of the count, of the receipts and of the transfer, in days before the last day of sales."""
NEGATIVE_BELOW, OUT_BELOW, LOW_BELOW = 2, 6, 14
"""Of a hundred products in stores, so many have at most this level."""
COUNT_ID, COUNTED_PRODUCTS = "demo-count", 6
"""ID of the count in progress, and how many products are counted so far."""
SENT_UNITS, ARRIVED_UNITS, DAMAGED_UNITS = Decimal(12), Decimal(5), Decimal(2)
_SOLD = """SELECT
  region, store_id, product, MAX(product_name) AS name,
  CAST(SUM(IF(sale_date > @counted_on, units, 0)) AS NUMERIC) AS units
FROM line_facts
WHERE is_active AND units IS NOT NULL AND store_id IS NOT NULL AND product IS NOT NULL AND sale_date <= @until
GROUP BY region, store_id, product
ORDER BY region, store_id, product"""

ORDER_PRODUCTS = 4
ORDER_UNITS = (24, 12, 36, 12)
"""Units of the products of an order."""

# expected after the lead time of the supplier in the catalogue: other days would contradict it on the list of orders
LONDON, MANCHESTER, MUMBAI = ("UK", "LON1"), ("UK", "MAN1"), ("IN", "MUM01")


def add_catalogue(app: App, until: date, by: str) -> None:
    """Import the catalogue, unless there are products."""
    if stored_entries.catalogue_revision(app.ports):
        return
    rules = ImportRules(app.contracts.regions(), app.settings.reporting_currency)
    for kind, (headers, rows) in _catalogue_tables(until):
        planned = plan_import(app.ports, kind, csv_file(headers, rows), rules)
        file_import.apply_import(app.ports, planned, file=f"{kind.value}.csv", by=by)
    warehouse_mirror.follow_change(app.ports)


def _catalogue_tables(until: date) -> Iterator[tuple[FileKind, Table]]:
    from tillstream.samples import master_data  # lazy: loads NumPy, needed by this command only
    from tillstream.samples.regions import DEMO_REGIONS

    regions = [region for region in DEMO_REGIONS if region.name in STAFF_LETTERS]
    suppliers = list(SUPPLIERS)
    yield (
        FileKind.SUPPLIERS,
        (
            ["code", "name", "lead_time_days", "review_days"],
            [[code, *map(str, facts)] for code, facts in SUPPLIERS.items()],
        ),
    )
    named = zip(
        master_data.PRODUCT_CODES, master_data.PRODUCT_NAMES, master_data.CATEGORY_OF_PRODUCT.tolist(), strict=True
    )
    products = [
        [
            *(code, name, master_data.PRODUCT_CATEGORIES[category], suppliers[number % len(suppliers)]),
            *(str(PACK_SIZES[number % len(suppliers)]), str(FIRST_BARCODE + number)),
        ]
        for number, (code, name, category) in enumerate(named)
    ]
    yield FileKind.PRODUCTS, (["code", "name", "category", "supplier", "pack_size", "barcodes"], products)
    headers = ["code", "region", "currency", "valid_from", "amount"]
    yield FileKind.PRICES, (headers, [row for region in regions for row in _amounts(region, until, costs=False)])
    yield FileKind.COSTS, (headers, [row for region in regions for row in _amounts(region, until, costs=True)])
    stores = [
        [region.name, store, CITIES.get(store, "Web shop"), region.countries[0], region.currency]
        for region in regions
        for store in region.stores
    ]
    yield FileKind.STORES, (["region", "store_id", "name", "country", "currency"], stores)
    staff = []
    for region in regions:
        names = master_data.salespeople_names(region.name, STAFF_OF_STORE * (len(region.stores) - 1))
        staff += [
            [region.name, f"{STAFF_LETTERS[region.name]}{101 + number}", name, region.stores[number // STAFF_OF_STORE]]
            for number, name in enumerate(names)
        ]
    yield FileKind.SALESPEOPLE, (["region", "salesperson_id", "name", "stores"], staff)
    first = until.replace(day=1)
    promotion = ["BOOKS10", "Books for the holidays", "Books", "UK", "10%", f"{first}", f"{first + timedelta(days=40)}"]
    yield (
        FileKind.PROMOTIONS,
        (["promotion_id", "name", "category", "region", "rate", "valid_from", "valid_to"], [promotion]),
    )


def _amounts(region: "SampleRegion", until: date, *, costs: bool) -> Iterator[list[str]]:
    """The prices or costs of each year of the samples."""
    from tillstream.samples import master_data
    from tillstream.samples.monthly_sales import sample_months

    for month in sample_months(until)[::12]:
        amounts = master_data.product_prices(region.currency, month.index // 12)
        if costs:
            amounts = master_data.product_costs(amounts)
        since = month.first.isoformat() if month.index else ""
        for code, cents in zip(master_data.PRODUCT_CODES, amounts.tolist(), strict=True):
            yield [code, region.name, region.currency, since, f"{cents // 100}.{cents % 100:02}"]


@dataclass(frozen=True)
class _StockPlan:
    """A product in a store: units sold since the count, the counted and the received ones."""

    region: str
    store: str
    product: str
    name: str
    sold: Decimal
    counted: Decimal
    received: Decimal

    @property
    def left(self) -> Decimal:
        return self.counted + self.received - self.sold


def add_stock(app: App, until: date, by: str) -> None:
    """Record counts and receipts of all stores, a transfer and a write-off; nothing if there are movements."""
    if app.ports.documents.find(stored_movements.COLLECTION, limit=1):
        return
    params = {"counted_on": until - COUNTED_AGO, "until": until}
    plans = [_stock_plan(**row) for row in app.ports.warehouse.query(_SOLD, params).to_pylist()]
    for (region, store), group in groupby(plans, key=lambda one: (one.region, one.store)):
        stored_movements.record_movements(app.ports, [*_store_movements(region, store, list(group), until)], by=by)
    exceptions = [*_exceptional_movements(plans, until)]
    stored_movements.record_movements(app.ports, exceptions, by=by)
    stored_levels.follow_movement(app.ports)
    moved = {line.product_id for movement in exceptions for line in movement.lines}
    _begin_count(app, [one for one in plans if one.product not in moved], by)


def _stock_plan(region: str, store_id: str, product: str, name: str | None, units: Decimal) -> _StockPlan:
    """The counted units leave what the draw of this product and store decides."""
    sold, draw = max(units, Decimal(0)), crc32(f"{region}/{store_id}/{product}".encode()) % 100
    if draw < NEGATIVE_BELOW:
        left = Decimal(-1)
    elif draw < OUT_BELOW:
        left = Decimal(0)
    else:
        left = sold * (Decimal("0.1") if draw < LOW_BELOW else Decimal(draw) / 50) + 1
    wanted = max(sold + left, Decimal(0)).quantize(Decimal(1), ROUND_UP)
    received = wanted // 2 if draw % 3 == 0 else Decimal(0)
    return _StockPlan(region, store_id, product, name or product, sold, wanted - received, received)


def _store_movements(region: str, store: str, plans: list[_StockPlan], until: date) -> Iterator[Movement]:
    counted = tuple(MovementLine(one.product, one.counted) for one in plans)
    received = tuple(MovementLine(one.product, one.received) for one in plans if one.received > 0)
    for kind, lines, day in (
        (MovementKind.COUNT, counted, until - COUNTED_AGO),
        (MovementKind.RECEIPT, received, until - RECEIVED_AGO),
    ):
        if lines:
            yield Movement(f"demo-{kind}-{region}-{store}", kind, region, store, day, lines)


def _exceptional_movements(plans: list[_StockPlan], until: date) -> Iterator[Movement]:
    """A transfer, of which a part arrived, from the product with most units left, and a write-off of the next one."""
    if not plans:
        return
    most, *others = sorted(plans, key=lambda one: one.left, reverse=True)[:2]
    target = next((one.store for one in plans if one.region == most.region and one.store != most.store), "")
    if target and most.left > SENT_UNITS:
        for kind, store, other, units, day in (
            (MovementKind.TRANSFER_OUT, most.store, target, SENT_UNITS, until - SENT_AGO),
            (MovementKind.TRANSFER_IN, target, most.store, ARRIVED_UNITS, until - ARRIVED_AGO),
        ):
            line = MovementLine(most.product, units)
            yield Movement(
                f"demo-{kind}", kind, most.region, store, day, (line,), reference="demo-transfer", other_store=other
            )
    for one in others:
        line, reason = MovementLine(one.product, DAMAGED_UNITS), "damaged"
        yield Movement(
            "demo-write-off", MovementKind.WRITE_OFF, one.region, one.store, until - ARRIVED_AGO, (line,), reason=reason
        )


def _begin_count(app: App, plans: list[_StockPlan], by: str) -> None:
    """Start to count the first store; its first product has a unit less than its level."""
    if not plans:
        return
    region, store, now = plans[0].region, plans[0].store, app.ports.clock.now()
    stock_counts.start_count(
        app.ports, StockCount(COUNT_ID, region, store, CountPart.LIST, "", DayPart.BEFORE_OPENING, by, now)
    )
    in_store = [one for one in plans if (one.region, one.store) == (region, store) and one.left >= 1]
    for number, one in enumerate(in_store[:COUNTED_PRODUCTS]):
        units = one.left - (1 if number == 0 else 0)
        scan = stock_counts.CountScan(
            f"{COUNT_ID}-{number}", one.product, one.name, units, now, now.date(), by, adds=False
        )
        stock_counts.enter_scan(app.ports, COUNT_ID, scan)


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


DEMO_ORDERS = (
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


def add_orders(app: App, by: str) -> None:
    """Create the orders, send them and receive their goods. Idempotent, also after a stopped run."""
    today = app.ports.clock.now().date()
    for number, one in enumerate(DEMO_ORDERS, 1):
        order = _order(app, one, f"demo-{number}")
        if order is None:
            continue
        state = purchase_orders.create_order(app.ports, order, by=by).state
        if one.sent is not None and state is OrderState.DRAFT:
            expected_on = _days_before(today, one.expected or 0)
            purchase_orders.send_order(
                app.ports, order.order_id, by=by, sent_on=_days_before(today, one.sent), expected_on=expected_on
            )
        if one.arrived is not None and state in {OrderState.DRAFT, OrderState.SENT}:
            units = {line.product: line.units * one.share for line in order.lines}
            receipt = OrderReceipt(f"demo-receipt-{number}", order.order_id, units, _days_before(today, one.arrived))
            order_arrivals.receive_goods(app.ports, receipt, by=by)


def _order(app: App, one: DemoOrder, order_id: str) -> PurchaseOrder | None:
    """A draft with the first products of the supplier; None without the store or products."""
    store = entry_lists.catalogue_entries(app.ports, Store).get(one.place)
    entries = sorted(entry_lists.catalogue_entries(app.ports, Product).items())
    products = [each for _, each in entries if each.supplier == one.supplier][:ORDER_PRODUCTS]
    if store is None or not products:
        return None
    lines = []
    for product, units in zip(products, ORDER_UNITS, strict=False):
        cost = cost_on(product, store.region, app.ports.clock.now().date())
        amount = cost.amount if cost and cost.currency == store.currency else None
        lines.append(OrderLine(product.code, product.name, Decimal(units), amount))
    return PurchaseOrder(order_id, one.supplier, store.region, store.store_id, store.currency, tuple(lines))


def _days_before(today: date, days: int) -> date:
    return today - timedelta(days=days)
