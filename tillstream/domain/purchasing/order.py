"""A purchase order: what a store orders from a supplier, and how much of it has arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from tillstream.domain.inventory.movements import LARGEST
from tillstream.model.money import round_amount


class OrderState(StrEnum):
    """What people did with an order. What arrived is counted from the receipts."""

    DRAFT = "draft"
    SENT = "sent"
    CLOSED = "closed"
    """Nothing more is expected: everything arrived, or the rest will not come."""
    CANCELLED = "cancelled"


MOST_LINES = 1_000
"""Lines of one order, whose document stays below the limit of a document store."""


@dataclass(frozen=True)
class OrderLine:
    """A product of an order. unit_cost: in the currency of the order; None if it is not agreed."""

    product: str
    name: str
    units: Decimal
    unit_cost: Decimal | None = None


@dataclass(frozen=True)
class PurchaseOrder:
    """An order of one store from one supplier.

    order_id: chosen by its creator, so that a repeated request creates one order. number: for people (PO-000012).
    sent_on, expected_on, closed_on: days.
    """

    order_id: str
    supplier: str
    region: str
    store_id: str
    currency: str
    lines: tuple[OrderLine, ...]
    number: str = ""
    state: OrderState = OrderState.DRAFT
    created_by: str = ""
    created_on: date | None = None
    sent_on: date | None = None
    expected_on: date | None = None
    closed_on: date | None = None
    note: str = ""

    def cost_of(self, line: OrderLine) -> Decimal | None:
        """What a line costs, rounded to the minor unit of the currency, as an invoice has it; None without a cost."""
        return None if line.unit_cost is None else round_amount(line.units * line.unit_cost, self.currency)

    @property
    def cost(self) -> Decimal | None:
        """The cost of all lines; None if one has no cost."""
        costs = [cost for line in self.lines if (cost := self.cost_of(line)) is not None]
        return sum(costs, Decimal(0)) if len(costs) == len(self.lines) else None


@dataclass(frozen=True)
class TrackedOrder:
    """An order with the units that arrived, by product. first_arrival, last_arrival: business days of its receipts."""

    order: PurchaseOrder
    received: Mapping[str, Decimal]
    first_arrival: date | None = None
    last_arrival: date | None = None

    @cached_property
    def missing_units(self) -> dict[str, Decimal]:
        """Units that have not arrived, by product."""
        left = {line.product: line.units - self.received.get(line.product, Decimal(0)) for line in self.order.lines}
        return {product: units for product, units in left.items() if units > 0}

    @property
    def open_units(self) -> dict[str, Decimal]:
        """Units that are still expected, by product; empty unless the order was sent and not closed."""
        return self.missing_units if self.order.state is OrderState.SENT else {}

    def status(self, today: date) -> str:
        """draft, sent, late, partly received, received, closed or cancelled."""
        order = self.order
        if order.state in {OrderState.SENT, OrderState.CLOSED} and not self.missing_units:
            return "received"
        if order.state is not OrderState.SENT:
            return order.state.value
        if order.expected_on and order.expected_on < today:
            return "late"
        return "partly received" if self.received else "sent"


def merge_lines(lines: tuple[OrderLine, ...]) -> tuple[OrderLine, ...]:
    """One line for each product, with the units of all its lines."""
    merged: dict[str, OrderLine] = {}
    for line in lines:
        before = merged.get(line.product)
        units = line.units + (before.units if before else Decimal(0))
        merged[line.product] = OrderLine(line.product, line.name, units, line.unit_cost)
    return tuple(merged.values())


_UNITS = f"enter a number of units above 0 and below {LARGEST:,}."


def problem(order: PurchaseOrder) -> str:
    """Why an order cannot be saved, in words for its creator; empty if it can."""
    checks = (
        (not order.order_id or not order.region or not order.store_id, "An order needs an ID, a region and a store."),
        (not order.supplier, "Choose a supplier."),
        (not order.lines, "An order needs at least one product."),
        (len(order.lines) > MOST_LINES, f"An order has at most {MOST_LINES:,} lines; create several."),
        *((_is_wrong(line.units), f"{line.name}: {_UNITS}") for line in order.lines),
    )
    return next((words for applies, words in checks if applies), "")


def _is_wrong(units: Decimal) -> bool:
    return not units.is_finite() or not 0 < units < LARGEST or units != round(units, 9)
