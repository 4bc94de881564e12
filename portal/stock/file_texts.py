"""Texts of the files and reports of stock."""

from datetime import date

from tillstream.stock.movements import REASONS, DayPart, MovementKind

KINDS = {
    MovementKind.COUNT: "Counts",
    MovementKind.RECEIPT: "Goods received",
    MovementKind.TRANSFER_OUT: "Sent to another store",
    MovementKind.TRANSFER_IN: "Received from another store",
    MovementKind.TRANSFER_LOSS: "Lost between stores",
    MovementKind.ADJUSTMENT: "Adjustments",
    MovementKind.WRITE_OFF: "Write-offs",
    MovementKind.SUPPLIER_RETURN: "Returned to suppliers",
    MovementKind.UNSELLABLE_RETURN: "Returned by customers, unsellable",
}
DAY_PARTS = {DayPart.AFTER_CLOSING.value: "After closing", DayPart.BEFORE_OPENING.value: "Before opening"}
COLUMNS = {
    "region": "Region; not needed if the store's code is in one region only",
    "store": "Code or name of the store",
    "product": "Code, barcode or exact name of the product",
    "quantity": "Units; for counts those that are there, also 0",
    "date": "Business day, such as 2026-11-30, with or without a time",
    "time": "Time of day in the store, such as 14:30",
    "type": "Type of movement: count, receipt, write-off and others",
    "reason": f"For write-offs and adjustments: {', '.join(REASONS)}",
    "reference": "Order, or the ID of a transfer",
    "other_store": "For transfers: where the goods come from or go to",
}
NO_FILE = "Choose a file first."
CHANGED = "The stores or products have changed since. Check the problems, and record again."

REPORTS = {
    "value": "Value",
    "shrinkage": "Shrinkage",
    "slow": "Slow stock",
    "classes": "Classes",
    "unplaced": "Sales without a place",
}
"""Name in the address → label of a report."""
LEADS = {
    "value": "What is in stock, and what it is worth by the catalogue.",
    "shrinkage": "Units that were lost or turned up: differences between counts and the expected units, write-offs, "
    "adjustments, losses between stores, and returns that cannot be sold again.",
    "slow": "Dead stock had no sale for some days. Slow stock lasts 180 days or longer at its recent sales.",
    "classes": "A products make 80% of the revenue together, B products the next 15%. The weekly sales of X products "
    "are steady, those of Z products vary by more than their mean.",
    "unplaced": "Sale lines that change no stock, because they lack a store, a product or a quantity.",
}
CHOICES = {
    "by": "Rows",
    "speed": "Stock",
    "days": "Dead after days",
    "abc": "ABC class",
    "xyz": "XYZ class",
    "missing": "Lacks",
}
"""Parameter of a report → label of its field."""
VALUES = {
    "count-difference": "Difference at a count",
    "write-off": "Write-off",
    "adjustment": "Adjustment",
    "transfer-loss": "Lost between stores",
    "unsellable-return": "Unsellable return",
    "dead": "Dead",
    "slow": "Slow",
} | REASONS
"""Word of a query → its label."""
HEADERS = {
    "abc_class": "ABC",
    "category": "Category",
    "cause": "Cause",
    "currency": "Currency",
    "days_of_cover": "Days of cover",
    "days_without_sale": "Days without a sale",
    "events": "Events",
    "first_sale_date": "First day",
    "gained_units": "Units gained",
    "last_sale_date": "Last day",
    "last_sold": "Last sale",
    "lines": "Lines",
    "lost_cost": "Loss at cost",
    "lost_units": "Units lost",
    "low_products": "Low",
    "missing": "Lacks",
    "name": "Name",
    "negative_products": "Negative",
    "net_amount": "Net amount",
    "on_hand": "On hand",
    "out_products": "Out",
    "product_name": "Product",
    "products": "Products",
    "quantity": "Quantity",
    "reason": "Reason",
    "region": "Region",
    "revenue": "Revenue",
    "sale_date": "Day",
    "sale_id": "Sale",
    "speed": "Stock",
    "stock_cost": "Value at cost",
    "stock_units": "In stock",
    "store_id": "Store",
    "store_name": "Store",
    "uncosted_products": "Without a cost",
    "uncosted_units": "Units without a cost",
    "units": "Units",
    "squared_variation": "Variation",
    "xyz_class": "XYZ",
}
"""Column of a query → its header."""
NUMBERS = frozenset(
    {
        "days_of_cover", "days_without_sale", "events", "gained_units", "lines", "lost_cost", "lost_units",
        "low_products", "negative_products", "net_amount", "on_hand", "out_products", "products", "quantity",
        "revenue", "stock_cost", "stock_units", "uncosted_products", "uncosted_units", "units", "squared_variation",
    }
)  # fmt: skip
MONEY = frozenset({"lost_cost", "revenue", "stock_cost"})
"""Columns in the currency of the page."""


def future(day: date) -> str:
    return f"{day} is in the future. Choose another day."


def recorded(file: str, rows: int, refused: int, new: int) -> str:
    """What an import did. new: movements that were not recorded before."""
    left = f" {refused:,} rows with problems were left out." if refused else ""
    if not new:
        return f"{file} was recorded before: nothing changed.{left}"
    return f"{rows:,} rows of {file} are recorded.{left}"


def choice(value: str) -> str:
    """The label of a value of a parameter."""
    return {"all": "All", "none": "None"}.get(value) or VALUES.get(value) or value.capitalize()
