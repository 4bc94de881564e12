"""Texts of the files and reports of stock."""

from datetime import date

from tillstream.domain.inventory.movements import REASONS, DayPart, MovementKind

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
GONE = "The file is no longer there. Choose it again."
CHANGED = "The stores or products have changed since. Check the problems, and record again."


def store(name: str, store_id: str, region: str) -> str:
    return f"{name or store_id} ({region}/{store_id})" if name else f"{store_id} ({region})"


def future(day: date) -> str:
    return f"{day} is in the future. Choose another day."


def recorded(file: str, rows: int, refused: int, new: int) -> str:
    """What an import did. new: movements that were not recorded before."""
    left = f" {refused:,} rows with problems were left out." if refused else ""
    if not new:
        return f"{file} was recorded before: nothing changed.{left}"
    return f"{rows:,} rows of {file} are recorded.{left}"
