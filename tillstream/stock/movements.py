"""Stock movements: facts about the units of products in a store, which are only added, with IDs across homes."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

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
SYNCED_PREFIX = "home:"
"""The IDs of movements of other homes begin with it, see `as_synced_movement`."""
MAX_CHARACTERS = 200
"""Length of the ID of a movement."""
MAX_LINES = 1_000
"""Lines of one movement, whose document stays below the limit of a document store."""
MAX_UNITS = 10_000_000
"""Units of a line are fewer: a longer number is a barcode."""
MAX_APART = timedelta(days=2)
"""Between a business day and the UTC date of a time of it: by time zones, and by stores that close after midnight."""


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


TRANSFER_KINDS = frozenset({MovementKind.TRANSFER_OUT, MovementKind.TRANSFER_IN, MovementKind.TRANSFER_LOSS})
KINDS_WITH_REASON = frozenset({MovementKind.ADJUSTMENT, MovementKind.WRITE_OFF})
KINDS_WITH_REFERENCE = frozenset({MovementKind.CANCELLATION, MovementKind.UNSELLABLE_RETURN})
KINDS_WITHOUT_LINES = frozenset({MovementKind.CANCELLATION})
KINDS_BELOW_ZERO = frozenset({MovementKind.ADJUSTMENT})
KINDS_OF_ZERO = frozenset({MovementKind.COUNT})


class DayPart(StrEnum):
    """When a fact without a time of day happened, for sales of its day that have no time either."""

    BEFORE_OPENING = "before opening"
    AFTER_CLOSING = "after closing"


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


def movement_problem(movement: Movement) -> str:
    """Why a movement cannot be recorded, in words for its sender; empty if it can."""
    kind, lines = movement.kind, movement.lines
    is_transfer = kind in TRANSFER_KINDS
    checks = (
        (
            not 0 < len(movement.movement_id) <= MAX_CHARACTERS,
            f"A movement needs an ID of at most {MAX_CHARACTERS} characters.",
        ),
        (movement.movement_id.startswith(SYNCED_PREFIX), f"The ID of a movement must not begin with {SYNCED_PREFIX}"),
        (not movement.region or not movement.store_id, "A movement needs a region and a store."),
        (kind in KINDS_WITH_REASON and movement.reason not in REASONS, f"Choose a reason: {', '.join(REASONS)}."),
        (
            is_transfer and not (movement.reference and movement.other_store),
            "A transfer needs an ID and another store.",
        ),
        (is_transfer and movement.other_store == movement.store_id, "A transfer needs two different stores."),
        (kind in KINDS_WITH_REFERENCE and not movement.reference, "Enter which movement or sale is meant."),
        (kind in KINDS_WITHOUT_LINES and bool(lines), "A cancellation has no lines."),
        (kind not in KINDS_WITHOUT_LINES and not lines, "A movement needs at least one product."),
        (
            any(abs(at.date() - movement.stock_date) > MAX_APART for at in _times(movement)),
            "A time is not on the business day of its movement.",
        ),
        (len(lines) > MAX_LINES, f"A movement has at most {MAX_LINES:,} lines; send several."),
    )
    problems = [words for applies, words in checks if applies]
    return next((words for words in (*problems, *(_line_problem(kind, line) for line in lines)) if words), "")


def _times(movement: Movement) -> list[datetime]:
    times = (movement.occurred_at, *(line.occurred_at for line in movement.lines))
    return [at.astimezone(UTC) for at in times if at]


def _line_problem(kind: MovementKind, line: MovementLine) -> str:
    if not line.product_id:
        return "A line has no product."
    if not line.quantity.is_finite() or abs(line.quantity) >= MAX_UNITS or line.quantity != round(line.quantity, 9):
        return f"{line.product_id}: the quantity must be a number below {MAX_UNITS:,} with at most 9 decimals."
    if line.quantity < 0 and kind not in KINDS_BELOW_ZERO:
        return f"{line.product_id}: the quantity must not be negative."
    if line.quantity == 0 and kind not in KINDS_OF_ZERO:
        return f"{line.product_id}: the quantity must not be 0."
    return ""


def home_prefix(home: str) -> str:
    """What the IDs of the movements of a home begin with; empty for this home."""
    return f"{SYNCED_PREFIX}{home}:" if home else ""


def home_of_movement(movement_id: str) -> str:
    """The home that recorded a movement, but not a cancellation; empty for this one."""
    return movement_id.removeprefix(SYNCED_PREFIX).partition(":")[0] if movement_id.startswith(SYNCED_PREFIX) else ""


def cancellation_id(movement_id: str) -> str:
    """The ID of the cancellation of a movement."""
    return f"cancel-{hashlib.sha256(movement_id.encode()).hexdigest()[:32]}"


def as_synced_movement(movement: Movement, home: str) -> Movement:
    """The movement of a home as the head office stores it."""
    start = home_prefix(home)
    return _named(movement, f"{start}{movement.reference}", f"{start}{movement.movement_id}")


def as_sent_movement(movement: Movement, home: str) -> Movement:
    """The reverse of `as_synced_movement`."""
    start = home_prefix(home)
    return _named(movement, movement.reference.removeprefix(start), movement.movement_id.removeprefix(start))


def _named(movement: Movement, cancelled_id: str, movement_id: str) -> Movement:
    if movement.kind is MovementKind.CANCELLATION:
        return replace(movement, movement_id=cancellation_id(cancelled_id), reference=cancelled_id)
    return replace(movement, movement_id=movement_id)
