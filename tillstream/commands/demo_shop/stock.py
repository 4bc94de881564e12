"""Stock of the demo: all stores were counted four weeks ago; some products are low, out, or sold more than counted.

A count of one store is in progress.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from itertools import groupby
from zlib import crc32

from tillstream.app import App
from tillstream.stock import stock_counts, stored_levels, stored_movements
from tillstream.stock.movements import DayPart, Movement, MovementKind, MovementLine
from tillstream.stock.stock_counts import CountPart, StockCount

COUNTED, RECEIVED, SENT, ARRIVED = (timedelta(days=days) for days in (28, 9, 3, 1))
"""Age of the count, of the receipts and of the transfer, in days before the last day of sales."""
NEGATIVE, OUT, LOW = 2, 6, 14
"""Of a hundred products in stores, so many have at most this level."""
COUNT, COUNTED_PRODUCTS = "demo-count", 6
"""ID of the count in progress, and how many products are counted so far."""
SENT_UNITS, ARRIVED_UNITS, DAMAGED_UNITS = Decimal(12), Decimal(5), Decimal(2)
_SOLD = """SELECT
  region, store_id, product, MAX(product_name) AS name,
  CAST(SUM(IF(sale_date > @counted_on, units, 0)) AS NUMERIC) AS units
FROM line_facts
WHERE is_active AND units IS NOT NULL AND store_id IS NOT NULL AND product IS NOT NULL AND sale_date <= @until
GROUP BY region, store_id, product
ORDER BY region, store_id, product"""


@dataclass(frozen=True)
class _Plan:
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


def add(app: App, until: date, by: str) -> None:
    """Record counts and receipts of all stores, a transfer and a write-off; nothing if there are movements."""
    if app.ports.documents.find(stored_movements.COLLECTION, limit=1):
        return
    params = {"counted_on": until - COUNTED, "until": until}
    plans = [_plan(**row) for row in app.ports.warehouse.query(_SOLD, params).to_pylist()]
    for (region, store), group in groupby(plans, key=lambda one: (one.region, one.store)):
        stored_movements.record_movements(app.ports, [*_of_store(region, store, list(group), until)], by=by)
    exceptions = [*_exceptions(plans, until)]
    stored_movements.record_movements(app.ports, exceptions, by=by)
    stored_levels.follow_movement(app.ports)
    moved = {line.product_id for movement in exceptions for line in movement.lines}
    _begin_count(app, [one for one in plans if one.product not in moved], by)


def _plan(region: str, store_id: str, product: str, name: str | None, units: Decimal) -> _Plan:
    """The counted units leave what the draw of this product and store decides."""
    sold, draw = max(units, Decimal(0)), crc32(f"{region}/{store_id}/{product}".encode()) % 100
    if draw < NEGATIVE:
        left = Decimal(-1)
    elif draw < OUT:
        left = Decimal(0)
    else:
        left = sold * (Decimal("0.1") if draw < LOW else Decimal(draw) / 50) + 1
    wanted = max(sold + left, Decimal(0)).quantize(Decimal(1), ROUND_UP)
    received = wanted // 2 if draw % 3 == 0 else Decimal(0)
    return _Plan(region, store_id, product, name or product, sold, wanted - received, received)


def _of_store(region: str, store: str, plans: list[_Plan], until: date) -> Iterator[Movement]:
    counted = tuple(MovementLine(one.product, one.counted) for one in plans)
    received = tuple(MovementLine(one.product, one.received) for one in plans if one.received > 0)
    for kind, lines, day in (
        (MovementKind.COUNT, counted, until - COUNTED),
        (MovementKind.RECEIPT, received, until - RECEIVED),
    ):
        if lines:
            yield Movement(f"demo-{kind}-{region}-{store}", kind, region, store, day, lines)


def _exceptions(plans: list[_Plan], until: date) -> Iterator[Movement]:
    """A transfer, of which a part arrived, from the product with most units left, and a write-off of the next one."""
    if not plans:
        return
    most, *others = sorted(plans, key=lambda one: one.left, reverse=True)[:2]
    target = next((one.store for one in plans if one.region == most.region and one.store != most.store), "")
    if target and most.left > SENT_UNITS:
        for kind, store, other, units, day in (
            (MovementKind.TRANSFER_OUT, most.store, target, SENT_UNITS, until - SENT),
            (MovementKind.TRANSFER_IN, target, most.store, ARRIVED_UNITS, until - ARRIVED),
        ):
            line = MovementLine(most.product, units)
            yield Movement(
                f"demo-{kind}", kind, most.region, store, day, (line,), reference="demo-transfer", other_store=other
            )
    for one in others:
        line, reason = MovementLine(one.product, DAMAGED_UNITS), "damaged"
        yield Movement(
            "demo-write-off", MovementKind.WRITE_OFF, one.region, one.store, until - ARRIVED, (line,), reason=reason
        )


def _begin_count(app: App, plans: list[_Plan], by: str) -> None:
    """Start to count the first store; its first product has a unit less than its level."""
    if not plans:
        return
    region, store, now = plans[0].region, plans[0].store, app.ports.clock.now()
    stock_counts.start_count(
        app.ports, StockCount(COUNT, region, store, CountPart.LIST, "", DayPart.BEFORE_OPENING, by, now)
    )
    in_store = [one for one in plans if (one.region, one.store) == (region, store) and one.left >= 1]
    for number, one in enumerate(in_store[:COUNTED_PRODUCTS]):
        units = one.left - (1 if number == 0 else 0)
        scan = stock_counts.CountScan(
            f"{COUNT}-{number}", one.product, one.name, units, now, now.date(), by, adds=False
        )
        stock_counts.enter_scan(app.ports, COUNT, scan)
