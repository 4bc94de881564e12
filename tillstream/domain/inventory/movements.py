"""Stock movements: facts about the units of products in a store, which are only added."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class MovementKind(StrEnum):
    COUNT = "count"
    RECEIPT = "receipt"
    TRANSFER_OUT = "transfer-out"
    TRANSFER_IN = "transfer-in"
    TRANSFER_LOSS = "transfer-loss"
    """Closes a transfer: these units were sent to the store, and never arrive."""
    ADJUSTMENT = "adjustment"
    WRITE_OFF = "write-off"
    SUPPLIER_RETURN = "supplier-return"
    UNSELLABLE_RETURN = "unsellable-return"
    """The units of a product that a customer returned with a sale cannot be sold again."""
    CANCELLATION = "cancellation"
    """Cancels the movement whose ID is its reference."""


class DayPart(StrEnum):
    """When a fact without a time of day happened, for sales of its day that have no time either."""

    BEFORE_OPENING = "before opening"
    AFTER_CLOSING = "after closing"


TRANSFERS = frozenset({MovementKind.TRANSFER_OUT, MovementKind.TRANSFER_IN, MovementKind.TRANSFER_LOSS})
WITH_REASON = frozenset({MovementKind.ADJUSTMENT, MovementKind.WRITE_OFF})
WITH_REFERENCE = frozenset({MovementKind.CANCELLATION, MovementKind.UNSELLABLE_RETURN})
WITHOUT_LINES = frozenset({MovementKind.CANCELLATION})
MAY_BE_NEGATIVE = frozenset({MovementKind.ADJUSTMENT})
MAY_BE_ZERO = frozenset({MovementKind.COUNT})
REASONS: dict[str, str] = {
    "damaged": "Damaged",
    "expired": "Past its date",
    "theft": "Stolen",
    "own use": "Used in the store",
    "sample": "Sample or gift",
    "entry error": "Entered wrongly before",
    "found": "Turned up",
    "other": "Other",
}
"""Reason of an adjustment or write-off → its label."""
SYNCED = "home:"
"""The IDs of movements of other homes begin with it, see `synced_ids`."""
MOST_CHARACTERS = 200
"""Length of the ID of a movement."""
MOST_LINES = 1_000
"""Lines of one movement, whose document stays below the limit of a document store."""
LARGEST = 10_000_000
"""Units of a line are fewer: a longer number is a barcode."""
MOST_APART = timedelta(days=2)
"""Between a business day and the UTC date of a time of it: by time zones, and by stores that close after midnight."""


@dataclass(frozen=True)
class MovementLine:
    """One product of a movement.

    product_id: a code of the product, as entered. quantity: units; for a count, those that are there; signed for an
    adjustment. occurred_at: UTC time at which this line was counted or moved; None: that of the movement.
    """

    product_id: str
    quantity: Decimal
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class Movement:
    """Products that were counted in a store, or came or went.

    movement_id: chosen by the sender, so that a repeated message is the same movement. stock_date: business day of the
    store. occurred_at: UTC; None if only the day is recorded. day_part: of a count, for sales of its day without a time
    of day. reference: an order, a transfer, a sale, or the cancelled movement. other_store: where a transfer comes from
    or goes to, in the same region.
    """

    movement_id: str
    kind: MovementKind
    region: str
    store_id: str
    stock_date: date
    lines: tuple[MovementLine, ...] = ()
    occurred_at: datetime | None = None
    day_part: DayPart = DayPart.AFTER_CLOSING
    reason: str = ""
    reference: str = ""
    other_store: str = ""
    note: str = ""


def problem(movement: Movement) -> str:
    """Why a movement cannot be recorded, in words for its sender; empty if it can."""
    kind, lines = movement.kind, movement.lines
    is_transfer = kind in TRANSFERS
    checks = (
        (
            not 0 < len(movement.movement_id) <= MOST_CHARACTERS,
            f"A movement needs an ID of at most {MOST_CHARACTERS} characters.",
        ),
        (movement.movement_id.startswith(SYNCED), f"The ID of a movement must not begin with {SYNCED}"),
        (not movement.region or not movement.store_id, "A movement needs a region and a store."),
        (kind in WITH_REASON and movement.reason not in REASONS, f"Choose a reason: {', '.join(REASONS)}."),
        (
            is_transfer and not (movement.reference and movement.other_store),
            "A transfer needs an ID and another store.",
        ),
        (is_transfer and movement.other_store == movement.store_id, "A transfer needs two different stores."),
        (kind in WITH_REFERENCE and not movement.reference, "Enter which movement or sale is meant."),
        (kind in WITHOUT_LINES and bool(lines), "A cancellation has no lines."),
        (kind not in WITHOUT_LINES and not lines, "A movement needs at least one product."),
        (
            any(abs(at.date() - movement.stock_date) > MOST_APART for at in _times(movement)),
            "A time is not on the business day of its movement.",
        ),
        (len(lines) > MOST_LINES, f"A movement has at most {MOST_LINES:,} lines; send several."),
    )
    problems = [words for applies, words in checks if applies]
    return next((words for words in (*problems, *(_line_problem(kind, line) for line in lines)) if words), "")


def _times(movement: Movement) -> list[datetime]:
    times = (movement.occurred_at, *(line.occurred_at for line in movement.lines))
    return [at.astimezone(UTC) for at in times if at]


def _line_problem(kind: MovementKind, line: MovementLine) -> str:
    if not line.product_id:
        return "A line has no product."
    if not line.quantity.is_finite() or abs(line.quantity) >= LARGEST or line.quantity != round(line.quantity, 9):
        return f"{line.product_id}: the quantity must be a number below {LARGEST:,} with at most 9 decimals."
    if line.quantity < 0 and kind not in MAY_BE_NEGATIVE:
        return f"{line.product_id}: the quantity must not be negative."
    if line.quantity == 0 and kind not in MAY_BE_ZERO:
        return f"{line.product_id}: the quantity must not be 0."
    return ""
