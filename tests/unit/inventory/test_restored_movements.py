"""A movement whose document was lost is recorded again from its rows in the warehouse."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tillstream.stock import movement_mirror
from tillstream.stock.movements import DayPart, Movement, MovementKind, MovementLine
from tillstream.stock.stored_movements import StoredMovement

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
LINES = (MovementLine("KET", Decimal("2.5")), MovementLine("POT", Decimal(0)))


def movement(kind: MovementKind, **more: object) -> Movement:
    values: dict[str, object] = {"lines": LINES} | more
    return Movement("m1", kind, "IN", "MUM01", date(2026, 7, 1), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "one",
    [
        movement(MovementKind.RECEIPT, reference="PO-7"),
        movement(MovementKind.COUNT, day_part=DayPart.BEFORE_OPENING),
        movement(MovementKind.COUNT, occurred_at=NOON),
        movement(MovementKind.TRANSFER_OUT, occurred_at=NOON, reference="t1", other_store="DEL02"),
        movement(MovementKind.WRITE_OFF, reason="damaged"),
        movement(MovementKind.CANCELLATION, lines=(), reference="m0"),
    ],
)
def test_a_movement_is_read_from_its_rows(one: Movement) -> None:
    stored = StoredMovement(one, movement_mirror.UNKNOWN, NOON + timedelta(microseconds=7))
    assert movement_mirror.movement_of_rows(movement_mirror.movement_rows(stored)) == stored


def test_lines_keep_their_times() -> None:
    scanned = tuple(MovementLine(f"P{hours}", Decimal(1), NOON + timedelta(hours=hours)) for hours in range(3))
    stored = StoredMovement(movement(MovementKind.COUNT, lines=scanned), "ana", NOON)
    rows = movement_mirror.movement_rows(stored)
    assert movement_mirror.movement_rows(movement_mirror.movement_of_rows(rows)) == rows
