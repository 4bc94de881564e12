"""Texts of the stock pages."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal import formats
from tillstream.stock.movements import DayPart, MovementKind, MovementLine
from tillstream.stock.stock_counts import CountPart, CountState

STATUSES = {
    "in-stock": ("In stock", "good", "check"),
    "low": ("Low", "ask", "down"),
    "out": ("Out", "bad", "close"),
    "negative": ("Negative", "bad", "help"),
    "not-counted": ("Not counted", "", "minus"),
}
"""Status → its label, tone and icon."""
MEANINGS = {
    "low": "No more than the minimum stock, or what is sold until a delivery arrives",
    "negative": "More was sold than there was",
    "not-counted": "Sold or moved in this store, but never counted there",
}
CHOICES = {"all": "All", "attention": "Needs attention"} | {key: label for key, (label, *_) in STATUSES.items()}
COLUMNS = {
    "product": "Product",
    "store": "Store",
    "status": "Status",
    "on-hand": "On hand",
    "transit": "In transit",
    "ordered": "On order",
    "recent": "Sold in 56 days",
    "cover": "Days of cover",
    "value": "Value at cost",
    "counted": "Last count",
}
"""Column of the list of levels → its label; the first ones with the name of their order."""
HINTS = {
    "transit": "Sent by other stores and not arrived yet",
    "ordered": "Expected from suppliers by sent orders",
    "cover": "Units on hand divided by the mean daily sales of the last 56 days",
    "value": "Units on hand times the unit cost of the catalogue",
}
FILES = ("xlsx", "csv")
"""Formats of an export."""
TABS = {
    "stock.show": "Levels",
    "stock.counts": "Counts",
    "stock.transfers": "Transfers",
    "stock.returns": "Returns",
    "stock.movements": "Movements",
    "stock_files.report": "Reports",
    "stock_files.form": "Import",
}
"""Endpoint → label of the views of stock, in order."""
FORMS: dict[MovementKind, dict[str, str]] = {
    MovementKind.RECEIPT: {
        "title": "Receive goods",
        "lead": "Goods that arrived from a supplier.",
        "button": "Record the receipt",
        "reference": "Order, supplier or delivery note",
    },
    MovementKind.TRANSFER_OUT: {
        "title": "Send goods to another store",
        "lead": "They leave the stock of this store now, and enter that of the other when it confirms their arrival.",
        "button": "Send",
    },
    MovementKind.ADJUSTMENT: {
        "title": "Adjust stock",
        "lead": "Add units, or take some away with a minus sign, such as -2. To enter how many there are, count them.",
        "button": "Record the adjustment",
    },
    MovementKind.WRITE_OFF: {
        "title": "Write off",
        "lead": "Units that can no longer be sold.",
        "button": "Write off",
    },
    MovementKind.SUPPLIER_RETURN: {
        "title": "Return to a supplier",
        "lead": "Goods that go back to a supplier.",
        "button": "Record the return",
        "reference": "Order, supplier or delivery note",
    },
}
"""Kind of a movement → the texts of its form."""
MENU = {
    "transfer": "Send to another store",
    "adjust": "Adjust stock",
    "write-off": "Write off",
    "return": "Return to a supplier",
}
"""Last part of the address of a form → its label in the menu."""
KINDS = {
    MovementKind.COUNT: "Count",
    MovementKind.RECEIPT: "Received",
    MovementKind.TRANSFER_OUT: "Sent to another store",
    MovementKind.TRANSFER_IN: "Arrived from another store",
    MovementKind.TRANSFER_LOSS: "Lost in transit",
    MovementKind.ADJUSTMENT: "Adjustment",
    MovementKind.WRITE_OFF: "Written off",
    MovementKind.SUPPLIER_RETURN: "Returned to a supplier",
    MovementKind.UNSELLABLE_RETURN: "Return that cannot be sold",
}
MOVEMENT_COLUMNS = {
    "day": "Day",
    "kind": "What",
    "lines": "Products",
    "about": "Reference",
    "by": "Recorded by",
    "at": "Recorded",
}
TRANSFER_COLUMNS = {
    "transfer": "Sent",
    "from": "From",
    "to": "To",
    "products": "Products",
    "sent": "Units sent",
    "arrived": "Arrived",
    "lost": "Lost",
    "transit": "In transit",
}
TRANSFER_NUMBERS = frozenset({"products", "sent", "arrived", "lost", "transit"})
PARTS = {CountPart.WHOLE: "Whole store", CountPart.CATEGORY: "One category", CountPart.LIST: "Only what is scanned"}
PART_HINTS = {
    CountPart.WHOLE: "At the end, you decide about each product that was not counted.",
    CountPart.CATEGORY: "At the end, you decide about each product of the category that was not counted.",
    CountPart.LIST: "Products that are not counted keep their stock.",
}
DAY_PARTS = {DayPart.BEFORE_OPENING: "Before opening", DayPart.AFTER_CLOSING: "After closing"}
COUNT_STATES = {
    CountState.OPEN: ("In progress", "busy"),
    CountState.CLOSING: ("Being recorded", "busy"),
    CountState.CONFIRMED: ("Confirmed", "good"),
    CountState.DISCARDED: ("Discarded", ""),
}
"""State → its label and tone."""
COUNT_COLUMNS = {"started": "Started", "store": "Store", "part": "Part", "state": "State", "by": "Started by"}
LINE_COLUMNS = {"product": "Product", "quantity": "Counted", "at": "Last scan", "by": "By", "change": "Change"}
DIFFERENCE_COLUMNS = {
    "product": "Product",
    "expected": "Expected",
    "counted": "Counted",
    "difference": "Difference",
    "value": "Value at cost",
    "counted_at": "Counted at",
}
EVENT_COLUMNS = {
    "day": "Day",
    "what": "What",
    "units": "Units",
    "about": "Reference",
    "by": "Recorded by",
    "undo": "Undo",
}
STOCK = "Stock at the end of the day"
RETURN_COLUMNS = {
    "product": "Product",
    "day": "Returned",
    "store": "Store",
    "sale": "Sale",
    "units": "Units",
    "mark": "Can it be sold?",
}
NO_RETURN = "There is no such return in your stores."
UNSELLABLE = "The returned units are no longer in stock."
NO_PART = "Choose what you count."
NO_DAY_PART = "Choose whether you count before opening or after closing: sales of this store have no times."
NO_COUNT = "There is no such count in your stores."
COUNT_DISCARDED = "The count was discarded. Stock is as before."
COUNT_CONFIRMED = "The count is recorded. Stock starts from it."
NO_FORM = "There is no such form."
NO_STORE = "Choose the store."
NO_RECEIVER = "Choose the store that gets the goods."
NO_PRODUCT = "Enter a product."
NO_MOVEMENT = "There is no such stock movement in your stores."
LINES_WRONG = "Nothing was recorded yet. Correct the marked lines."
DAY_IN_FUTURE = "The day is in the future."
RECORDED_BEFORE = "This form was recorded before with other lines. Open it under Movements, or start a new form."
CANCELLED = "The movement no longer counts. To correct it, enter it again."
ARRIVED = "What arrived is in stock."
ARRIVED_MEANWHILE = "Something of this transfer was recorded since you opened the page. This is its state now."


def store(name: str, store_id: str, region: str) -> str:
    return f"{name} ({store_id}, {region})" if name else f"{store_id} ({region})"


def no_store(wanted: str) -> str:
    return f"The store “{wanted}” is not one of yours."


def not_a_number(text: str) -> str:
    return f"“{text}” is not a number."


def unknown_product(text: str) -> str:
    return f"There is no product “{text}”: no code, barcode or name. Add it to the catalogue, or correct it."


def recorded(kind: MovementKind, lines: Sequence[MovementLine]) -> str:
    units = formats.count(sum((line.quantity for line in lines), Decimal(0))).striptags()
    return f"Recorded: {KINDS[kind]}, {formats.many(len(lines), 'product')}, {units} units."


def no_history(product: str, store_id: str) -> str:
    return f"Nothing is recorded of the product “{product}” in the store “{store_id}”."


def history(product: str, store_id: str, days: Sequence[Mapping[str, Any]]) -> str:
    """The chart in a sentence, for screen readers."""
    stock = days[-1]["stock"] if days else None
    ends = "not counted yet" if stock is None else f"now {formats.count(stock).striptags()} units"
    return f"Stock of {product} in {store_id} by day, {ends}."


def causes(moved: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why more can have been sold than there was, with the events that concern it. moved: latest first."""
    received = next((row for row in moved if row["kind"] in {"receipt", "transfer-in"}), None)
    counted = next((row for row in moved if row["kind"] == "count"), None)
    if received is None:
        causes = ["A delivery was not entered: none is recorded."]
    else:
        causes = [f"A delivery was not entered: the last one was {_on(received)}."]
    if counted is not None:
        causes.append(f"The last count was wrong: {_on(counted)}.")
    return [*causes, "Sales of another product have the code of this one."]


def _on(row: Mapping[str, Any]) -> str:
    units = formats.count(row["quantity"]).striptags()
    return f"{units} units on {formats.day(row['stock_date']).striptags()}"
