"""Texts of the pages of purchase orders."""

from collections.abc import Iterable
from decimal import Decimal

from tillstream.model.document_json import decimal_text
from tillstream.model.product_catalogue import Product, Supplier
from tillstream.model.text import upper_first
from tillstream.stock import order_arrivals
from tillstream.stock.order_arrivals import LeadTime
from tillstream.stock.order_lists import ALL, OPEN
from tillstream.stock.purchase_orders import OrderState

STATES = {
    OPEN: "Open",
    "draft": "Draft",
    "sent": "Sent",
    "late": "Late",
    "partly received": "Partly received",
    "received": "Received",
    "closed": "Closed, not all received",
    "cancelled": "Cancelled",
    ALL: "All",
}
"""Choice of the list → its label."""
TONES = {
    "draft": "", "sent": "busy", "late": "bad", "partly received": "ask", "received": "good", "closed": "",
    "cancelled": "",
}  # fmt: skip
COLUMNS = {
    "number": "Order",
    "supplier": "Supplier",
    "store": "Store",
    "status": "State",
    "sent_on": "Sent",
    "expected_on": "Expected",
    "lines": "Products",
    "cost": "Cost",
}
NUMBERS = frozenset({"lines", "cost"})
STEPS = {
    OrderState.CLOSED: "The order is closed. Nothing more is expected.",
    OrderState.SENT: "The order is open again. The rest is expected.",
    OrderState.CANCELLED: "The order is cancelled.",
}
FIELDS = {
    "state": "State",
    "lines": "Products",
    "expected_on": "Expected",
    "sent_on": "Sent",
    "closed_on": "Closed",
    "note": "Note",
}
"""Field of an order in its history → its label."""
NO_UNITS = "Enter the units of at least one product."
CHANGED = "The order was changed meanwhile. Compare your entries with the stored order, then save again."
DAY_IN_FUTURE = "The goods cannot arrive in the future. Enter a day and time that have passed."
RECEIPT_CANCELLED = "The receipt is cancelled. Its goods are expected again, and the stock follows."
NO_RECEIPT = "The order has no such receipt."
NO_ADDRESS = "The supplier has no e-mail address. Enter it in the catalogue, or send the document yourself."


def no_order(number: str) -> str:
    return f"There is no order {number}."


def no_state(state: str, states: Iterable[str]) -> str:
    return f"There is no state “{state}” of orders. The states are: {', '.join(states)}."


def no_form(forms: Iterable[str]) -> str:
    return f"An order is available as {' or '.join(forms)}."


def not_a_number(name: str, text: str) -> str:
    return f"{name}: “{text}” is not a number."


def negative_cost(name: str) -> str:
    return f"{name}: the unit cost must not be negative."


def no_draft(number: str, state: str) -> str:
    return f"{number} is {state} and can no longer be changed. Create another order."


def not_sent(number: str, state: str) -> str:
    return f"{number} is {state}. Goods can be received for an order that was sent."


def not_a_time(text: str) -> str:
    return f"“{text}” is not a time. Write it like 14:30."


def stored_lines(lines: Iterable[str]) -> str:
    return f"Stored now: {'; '.join(lines)}."


def store(region: str, store_id: str, name: str) -> str:
    """Mumbai (IN MUM01)."""
    return f"{name} ({region} {store_id})" if name else f"{region} {store_id}"


def no_product(text: str) -> str:
    return f"The catalogue has no product with the code, barcode or name “{text}”."


def saved(number: str) -> str:
    return f"{number} is saved as a draft."


def sent(number: str, address: str) -> str:
    if address:
        return f"{number} is marked as sent, and is e-mailed to {address} within a few minutes."
    return f"{number} is marked as sent. Download the document and send it to the supplier."


def received(number: str, *, is_complete: bool) -> str:
    return f"The goods are recorded. {number} is complete." if is_complete else "The goods are recorded."


def no_whole_packs(name: str, units: Decimal, pack: Decimal) -> str:
    return f"{name}: {decimal_text(units)} units are no whole packs of {decimal_text(pack)}."


def below_minimum(name: str, units: Decimal, minimum: Decimal) -> str:
    return f"{name}: {decimal_text(units)} units are fewer than the minimum order of {decimal_text(minimum)}."


def pack_hint(product: Product | None) -> str:
    """Packs of 6, at least 12."""
    if product is None:
        return ""
    pack = f"Packs of {decimal_text(product.pack_size)}" if product.pack_size else ""
    minimum = f"at least {decimal_text(product.minimum_order)}" if product.minimum_order else ""
    words = ", ".join(filter(None, (pack, minimum)))
    return upper_first(words)


def lead_time(supplier: Supplier | None, learned: LeadTime | None) -> str:
    """The days that count first, with where they come from; then what past orders took, as the comparison.

    Planned with 7 days, as entered for the supplier. Past orders took 5 days; 9 of 10 came within 9 days (12 orders).
    """
    own = supplier.lead_time_days if supplier else None
    origin = "as learned from past orders" if learned else "as usual"
    if own is not None:
        origin = "as entered for the supplier"
    words = f"Planned with {_days(order_arrivals.lead_time_days(own, learned))}, {origin}."
    if not learned:
        return words
    usual = decimal_text(Decimal(repr(learned.median)))
    return (
        f"{words} Past orders took {usual} {'day' if usual == '1' else 'days'}; 9 of 10 came within "
        f"{_days(learned.high)} ({learned.orders} orders)."
    )


def _days(days: int) -> str:
    return f"{days} {'day' if days == 1 else 'days'}"
